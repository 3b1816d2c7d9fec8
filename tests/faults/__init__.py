"""What happens when things break, row by row of the table in the documentation."""
