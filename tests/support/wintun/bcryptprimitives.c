/* What Deno needs of a library that Wine 8 does not have. */
#include <windows.h>

BOOLEAN NTAPI SystemFunction036(PVOID octets, ULONG length);

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE octets, SIZE_T length)
{
    while (length > 0) {
        ULONG part = length > 0x10000 ? 0x10000 : (ULONG)length;
        if (!SystemFunction036(octets, part)) return FALSE;
        octets += part;
        length -= part;
    }
    return TRUE;
}
