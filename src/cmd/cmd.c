/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The table of commands, and help made from it.
 */
#include "cmd/cmd.h"

#include "page/options.h"

#include <stdio.h>
#include <string.h>

const struct command commands[] = {
    {"serve",
     "",
     "Run the service: HTTP API, queue and workers.",
     "Everything durable lives in the data directory. Killing the process at any time loses "
     "nothing that was "
     "accepted; on SIGTERM pages being read are finished first.",
     {&settings_table, &file_table},
     cmd_serve},
    {"ocr",
     "FILE...",
     "Read documents here and now, without a server.",
     "Prints text, or what --format asks for, page by page in order. '-' is standard input. What "
     "cannot be read or made is told on standard error and keeps nobody from the rest. Exit "
     "status: 0 all pages "
     "were read; 1 some pages failed; otherwise the class of the last error: 2 input, 3 password, "
     "4 unsupported, "
     "5 limit, 6 timeout, 7 not found, 8 conflict, 9 denied, 10 busy, 11 io, 12 remote, 13 "
     "crashed, 14 cancelled, "
     "70 a defect.",
     {&ocr_table, &options_table, &settings_table},
     cmd_ocr},
    {"jobs",
     "[list | show ID | watch ID | cancel ID | retry ID | delete ID]",
     "Look after jobs on a server.",
     "",
     {&jobs_table},
     cmd_jobs},
    {"models",
     "[list | install NAME... | verify [NAME...] | remove NAME...]",
     "Look after packs of neural models.",
     "Packs lie in the models directory. Downloads are pinned by revision and SHA-256, go on "
     "where they were cut, and become visible whole or not at all. With --from, a NAME that is "
     "not in the list becomes a pack of the best models in that directory.",
     {&models_table, &settings_table, &file_table},
     cmd_models},
    {"token",
     "[create | list | rotate | revoke ID]",
     "Look after the tokens of the HTTP API.",
     "The first token closes the API to everybody without one. A token is printed once and stored "
     "only as a digest. Two of one owner may be valid at once, so that it can be changed without "
     "a gap: rotate, then revoke the older one. Talks to the server that owns the data directory, "
     "or works on its database where none runs.",
     {&token_table, &settings_table, &file_table},
     cmd_token},
    {"doctor",
     "",
     "Say what is installed, what the sandbox holds, and read a test page.",
     "",
     {&settings_table, &file_table},
     cmd_doctor},
    {"openapi",
     "",
     "Print the description of the HTTP API: OpenAPI 3.1 as JSON.",
     "",
     {&openapi_table},
     cmd_openapi},
    {"man",
     "",
     "Print the manual page (roff), made from the tables of this program.",
     "",
     {NULL},
     cmd_man},
    {0},
};

int cmd_fail(const char *command, const struct error *err)
{
    fprintf(stderr, "pagemill %s: %s: %s\n", command, error_code(err->class), err->text);
    return error_exit_code(err->class);
}

static void help_row(const struct param *row)
{
    char flag[80], doc[PARAM_DOC];
    int n = snprintf(flag, sizeof flag, "--%s %s", row->name,
                     row->type == PARAM_BOOL ? "" : row->metavar);
    for (int i = 2; i < n && flag[i] != ' '; i++)
        if (flag[i] == '_')
            flag[i] = '-';
    param_doc(row, doc);
    printf("  %-28s %s", flag, doc);
    if (*row->standard && strcmp(row->standard, "false") != 0)
        printf(" (%s)", row->standard);
    putchar('\n');
}

void cmd_help(const struct command *c)
{
    printf("usage: pagemill %s [FLAGS] %s\n\n%s\n", c->name, c->arguments, c->summary);
    if (*c->text)
        printf("%s\n", c->text);
    for (size_t t = 0; t < CMD_TABLES && c->tables[t]; t++) {
        printf("\n%s\n", t == 0                            ? "Flags:"
                         : c->tables[t] == &settings_table ? "Settings:"
                                                           : "More:");
        for (size_t i = 0; i < c->tables[t]->count; i++)
            help_row(&c->tables[t]->rows[i]);
    }
}
