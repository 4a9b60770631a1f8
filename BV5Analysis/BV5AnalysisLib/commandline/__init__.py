"""What the commands of ``bv5`` do; the parser is in `BV5AnalysisLib.cli`."""
