using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

// Structs and pointers cross as they are: no marshalling stub, nothing allocated.
[assembly: DisableRuntimeMarshalling]
[assembly: DefaultDllImportSearchPaths(DllImportSearchPath.AssemblyDirectory)]
