/*
 * A command for tests under Wine, called netsh.exe or reg.exe: writes a line with its name and its arguments to the file that
 * TUNGO_RECORD names, and succeeds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    const char *path = getenv("TUNGO_RECORD");
    FILE *file = path ? fopen(path, "a") : NULL;
    const char *name = argv[0];
    int i;
    if (!file) return 1;
    if (strrchr(name, '\\')) name = strrchr(name, '\\') + 1;
    fprintf(file, "%.*s", (int)strcspn(name, "."), name);
    for (i = 1; i < argc; i++) fprintf(file, " %s", argv[i]);
    fprintf(file, "\n");
    return fclose(file) != 0;
}
