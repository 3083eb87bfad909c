"""Other people's software run beside ours. Every module here needs the extra `peers`: import it late."""
