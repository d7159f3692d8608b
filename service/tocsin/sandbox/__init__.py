"""The sandbox: pure functions run on hostile input in a process of their own, with memory and time limits."""
