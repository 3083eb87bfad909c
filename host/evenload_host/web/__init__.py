"""The web plane: a Flask application over a SitePort, its guards, its errors and the loop that serves it."""
