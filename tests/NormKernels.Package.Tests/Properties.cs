using Microsoft.VisualStudio.TestTools.UnitTesting;

// Two programs are published at a time: each is a build of its own, and waits for the feed half the time.
[assembly: Parallelize(Workers = 2, Scope = ExecutionScope.MethodLevel)]
