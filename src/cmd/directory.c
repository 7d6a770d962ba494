/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Making the data directory.
 */
#include "cmd/cmd.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

int cmd_make_directory(const char *path, struct error *err)
{
    char part[1024];
    snprintf(part, sizeof part, "%s", path);
    for (char *p = part + 1;; p++) {
        char c = *p;
        if (c != '/' && c != '\0')
            continue;
        *p = '\0';
        if (mkdir(part, 0700) < 0 && errno != EEXIST)
            return error_errno(err, "%s", part);
        if (c == '\0')
            return 0;
        *p = c;
    }
}
