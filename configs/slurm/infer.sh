#!/bin/bash
# Translate a folder in parts: each task of a job array translates one shard.
#
#   sbatch --array=0-199%64 infer.sh RUN SOURCE OUT 200 [OPTIONS OF translate infer]
#
# The shards that are not complete, to run again (exit code 0: none, 3: some):
#
#   translate infer RUN SOURCE OUT --shard 0/200 --missing
#
# OFFSET=1000 sbatch --array=0-999 ... runs shards 1000 to 1999, where MaxArraySize is 1001.
#
#SBATCH --job-name=translate-infer
#SBATCH --output=translate-infer-%A_%a.log
#SBATCH --open-mode=append
#SBATCH --gres=gpu:1
#SBATCH --cpus-per-task=8
#SBATCH --requeue
#SBATCH --signal=B:SIGTERM@60

set -u
if [ $# -lt 4 ]; then
  echo "usage: sbatch --array=0-199 $0 RUN SOURCE OUT SHARDS [OPTIONS]" >&2
  exit 2
fi
run=$1 source=$2 out=$3 count=$4
shift 4
shard=$((${OFFSET:-0} + SLURM_ARRAY_TASK_ID))
job=${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}

# bash runs a trap only after a command in the foreground has ended, so the command is in the
# background; `wait` ends early when the trap runs, and is then called again. A signal that comes
# before the number of the process is known is sent afterwards.
child="" early=""
trap 'if [ -n "$child" ]; then kill -TERM "$child" 2>/dev/null; else early=1; fi' TERM
translate infer "$run" "$source" "$out" --shard "$shard/$count" "$@" &
child=$!
[ -z "$early" ] || kill -TERM "$child"
wait "$child"
code=$?
while kill -0 "$child" 2>/dev/null; do
  wait "$child"
  code=$?
done

case $code in
  3) # all is done but images that cannot be translated, which OUT/problems-K-of-N.jsonl lists
    exit 0 ;;
  129 | 130 | 143) # a signal: outputs so far are complete, and are skipped by the next run
    if [ "${SLURM_RESTART_COUNT:-0}" -lt "${MAX_RESTARTS:-100}" ]; then
      scontrol requeue "$job"
    fi ;;
esac
exit "$code"
