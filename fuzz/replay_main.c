/* Runs a target over every file of the directories given: no search, any compiler. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"
#include "fuzz.h"

static void replay(const char *dir, const char *name)
{
    struct its_str path = {0}, bytes = {0};
    its_str_printf(&path, "%s/%s", dir, name);
    FILE *f = fopen(its_str_get(&path), "rb");
    for (int c; f && (c = fgetc(f)) != EOF;)
        its_str_putc(&bytes, (char)c);
    if (f)
        fclose(f);
    printf("%s: %zu bytes\n", its_str_get(&path), bytes.len);
    fflush(stdout); /* so that the last line before a crash names the input */
    LLVMFuzzerTestOneInput((const uint8_t *)its_str_get(&bytes), bytes.len);
    its_str_fini(&bytes);
    its_str_fini(&path);
}

int main(int argc, char **argv)
{
    int files = 0;
    for (int i = 1; i < argc; i++) {
        struct dirent **entries;
        int n = scandir(argv[i], &entries, NULL, alphasort);
        if (n < 0)
            perror(argv[i]);
        for (int j = 0; j < n; j++) {
            if (entries[j]->d_name[0] != '.') {
                replay(argv[i], entries[j]->d_name);
                files++;
            }
            free(entries[j]);
        }
        if (n >= 0)
            free(entries);
    }
    return files > 0 ? 0 : 1; /* an empty corpus tests nothing */
}
