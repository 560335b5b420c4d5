using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

// Structs and pointers cross as they are: no marshalling stub, nothing allocated.
[assembly: DisableRuntimeMarshalling]
[assembly: DefaultDllImportSearchPaths(DllImportSearchPath.AssemblyDirectory)]

// The parameter structs are filled in whole, or set to default where they are not.
[module: SkipLocalsInit]
