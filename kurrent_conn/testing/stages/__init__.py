"""Where simulated nodes live and how they fail: threads, processes, proxies."""
