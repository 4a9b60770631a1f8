"""Files that people take away: tables, segmentations, pictures, reports."""
