"""The health pages, asked over a real socket."""
