"""Arguments of each command, for argparse; nothing heavy is loaded here."""
