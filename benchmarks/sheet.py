"""Draw one contact sheet: a row for each scene, a column for each folder that has it.

python benchmarks/sheet.py SHEET FOLDER [FOLDER ...]
"""
