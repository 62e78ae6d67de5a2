/* Linked into each test: what it prints goes out line by line, so that one that is killed has told how far it came. */

#include <stdio.h>

__attribute__ ((constructor)) static void print_by_lines (void)
{
    setvbuf (stdout, NULL, _IOLBF, BUFSIZ);
}
