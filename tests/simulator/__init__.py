"""The local Railway and its stand-in CLI, tried over HTTP and as child processes."""
