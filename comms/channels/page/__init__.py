"""The status page: notices for customers, in a directory of plain files that outlives the app."""
