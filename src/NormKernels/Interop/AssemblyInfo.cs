using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

[assembly: DefaultDllImportSearchPaths(DllImportSearchPath.AssemblyDirectory)]

// The parameter structs are filled in whole, or set to default where they are not.
[module: SkipLocalsInit]
