#!/bin/bash
# Train a run that continues after a preemption or the end of its time.
#
#   sbatch --time=12:00:00 train.sh --plugin cyclegan --domains summer winter --out runs/first
#
# The arguments are those of `translate train`; --out is required, as --resume auto finds the run
# there: the same command starts it and continues it.
#
#SBATCH --job-name=translate-train
#SBATCH --output=translate-train-%j.log
#SBATCH --open-mode=append
#SBATCH --gres=gpu:1
#SBATCH --cpus-per-task=8
#SBATCH --requeue
#SBATCH --signal=B:SIGTERM@60

set -u
case " $* " in
  *" --out "* | *" --out="*) ;;
  *)
    echo "usage: sbatch $0 [OPTIONS OF translate train] --out RUN" >&2
    exit 2 ;;
esac

# bash runs a trap only after a command in the foreground has ended, so the command is in the
# background; `wait` ends early when the trap runs, and is then called again. A signal that comes
# before the number of the process is known is sent afterwards.
child="" early=""
trap 'if [ -n "$child" ]; then kill -TERM "$child" 2>/dev/null; else early=1; fi' TERM
translate train "$@" --resume auto &
child=$!
[ -z "$early" ] || kill -TERM "$child"
wait "$child"
code=$?
while kill -0 "$child" 2>/dev/null; do
  wait "$child"
  code=$?
done

case $code in
  129 | 130 | 143) # a signal: there is a checkpoint, from which the same command continues
    if [ "${SLURM_RESTART_COUNT:-0}" -lt "${MAX_RESTARTS:-100}" ]; then
      scontrol requeue "$SLURM_JOB_ID"
    fi ;;
esac
exit "$code"
