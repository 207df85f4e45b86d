"""Figures as files: a row after the other, numbers with four digits behind the point."""

import csv


def add(row, file):
    """Writes `row`, values by column, into `file` as CSV; the first row names the columns."""
    writer = csv.DictWriter(file, row, lineterminator="\n")
    if file.tell() == 0:
        writer.writeheader()
    writer.writerow({key: f"{value:.4f}" if isinstance(value, float) else value for key, value in row.items()})
    file.flush()
