/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * pagemill: finds the command and runs it.
 */
#include "cmd/cmd.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct command *find_command(const char *name)
{
    for (const struct command *c = commands; c->name; c++)
        if (strcmp(c->name, name) == 0)
            return c;
    return NULL;
}

static int help(FILE *out)
{
    fprintf(out, "pagemill turns PDFs and page images into text.\n\n");
    for (const struct command *c = commands; c->name; c++)
        fprintf(out, "  pagemill %-8s %s\n", c->name, c->summary);
    fprintf(out, "\npagemill COMMAND --help says more; pagemill --version.\n");
    return out == stdout ? 0 : 2;
}

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

/* What a careless parent left us: an ignored SIGCHLD would hide how workers end, and a closed
 * descriptor 2 would make the log go to whatever file is opened next. */
static void mend_inheritance(void)
{
    signal(SIGCHLD, SIG_DFL);
    int fd;
    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd < STDERR_FILENO);
    if (fd > STDERR_FILENO)
        close(fd);
}

int main(int argc, char **argv)
{
    mend_inheritance();
    if (argc < 2)
        return help(stderr);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0 ||
        strcmp(argv[1], "-h") == 0)
        return help(stdout);
    if (strcmp(argv[1], "--version") == 0)
        return printf("pagemill %s\n", PAGEMILL_VERSION) > 0 ? 0 : 1;
    const struct command *command = find_command(argv[1]);
    if (!command) {
        fprintf(stderr, "pagemill: '%s' is no command\n\n", argv[1]);
        return help(stderr);
    }
    if (asks_for_help(argc - 2, argv + 2)) {
        cmd_help(command);
        return 0;
    }
    return command->run(argc - 2, argv + 2);
}
