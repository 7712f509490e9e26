"""One host, one session: run, put, start, poll. The only rooms that know a network library."""
