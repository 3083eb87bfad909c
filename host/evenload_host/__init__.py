"""The supervisor: command line, web pages and, in time, the services of a site."""
