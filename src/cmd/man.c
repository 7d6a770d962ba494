/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * pagemill man: the manual page in man(7) roff, from the tables of commands, settings and options.
 */
#include "cmd/cmd.h"

#include "page/options.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Text at the start of a line must not look like a request; a backslash or hyphen must be itself.
 */
static void add_text(const char *s)
{
    if (*s == '.' || *s == '\'')
        fputs("\\&", stdout);
    for (; *s; s++) {
        if (*s == '\\')
            fputs("\\e", stdout);
        else if (*s == '-')
            fputs("\\-", stdout);
        else
            putchar(*s);
    }
}

static void add_row(const struct param *row)
{
    char flag[80], doc[PARAM_DOC];
    param_doc(row, doc);
    snprintf(flag, sizeof flag, "--%s", row->name);
    for (char *p = flag; *p; p++)
        if (*p == '_')
            *p = '-';
    fputs(".TP\n.B ", stdout);
    add_text(flag);
    fputs(" \\fI", stdout);
    add_text(row->metavar);
    fputs("\\fR\n", stdout);
    add_text(doc);
    if (*row->standard) {
        fputs("\nDefault: ", stdout);
        add_text(row->standard);
        putchar('.');
    }
    if (row->alias_env)
        printf("\nAlso from the environment as %s.", row->alias_env);
    putchar('\n');
}

static void add_table(const char *title, const char *text, const struct param_table *table)
{
    printf(".SH %s\n", title);
    if (text)
        printf("%s\n", text);
    for (size_t i = 0; i < table->count; i++)
        add_row(&table->rows[i]);
}

static void add_commands(void)
{
    puts(".SH COMMANDS");
    for (const struct command *c = commands; c->name; c++) {
        printf(".TP\n.B pagemill %s \\fR", c->name);
        add_text(c->arguments);
        putchar('\n');
        add_text(c->summary);
        putchar('\n');
        if (*c->text) {
            add_text(c->text);
            putchar('\n');
        }
    }
}

int cmd_man(int argc, char **argv)
{
    (void)argc, (void)argv;
    printf(".TH PAGEMILL 1 \"\" \"pagemill %s\" \"User Commands\"\n", PAGEMILL_VERSION);
    puts(".SH NAME\npagemill \\- turn PDFs and page images into text");
    puts(".SH SYNOPSIS\n.B pagemill\n.I COMMAND\n[\\fIFLAGS\\fR] [\\fIARGUMENTS\\fR]");
    puts(".SH DESCRIPTION\nA service and a command that read documents page by page. Every "
         "finished page is durable at "
         "once; documents are opened and read in sandboxed worker "
         "processes\n(\\fBpagemill\\-work\\fR), never in "
         "pagemill itself.");
    add_commands();
    add_table("FLAGS OF OCR", NULL, &ocr_table);
    add_table("OPTIONS OF A JOB", "Flags of \\fBpagemill ocr\\fR; fields of \\fBPOST /v1/jobs\\fR.",
              &options_table);
    add_table("FLAGS OF JOBS", NULL, &jobs_table);
    add_table("FLAGS OF MODELS", NULL, &models_table);
    add_table("SETTINGS",
              "Flags of serve, ocr and doctor; \\fIname: value\\fR lines of the file that "
              "\\fB\\-\\-config\\fR names "
              "(default /etc/pagemill.yaml); environment variables PAGEMILL_NAME. A flag wins over "
              "the environment, "
              "that over the file.",
              &settings_table);
    puts(".SH FILES\n.TP\n.I /etc/pagemill.yaml\nSettings.\n.TP\n.I DATA/pagemill.db, "
         "DATA/blobs\nJobs and pages; "
         "documents and page results.");
    puts(".SH SIGNALS\nSIGTERM, SIGINT: serve drains and ends, a second one ends at once; SIGKILL "
         "loses nothing. ocr ends at once and removes the files that are not whole.");
    return 0;
}
