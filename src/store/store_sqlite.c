/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The SQLite driver: opening, ownership of the file, migrations, transactions, the pool of readers.
 * Refuses a file that another pagemill owns and a database made by a newer program. Called through
 * its driver table.
 */
#include "store/store_sqlite.h"

#include "base/fd.h"
#include "base/memory.h"
#include "base/must.h"
#include "base/strbuf.h"
#include "store/store_schema.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUSY_TIMEOUT_MS = 5000 }; /* only crash recovery at open can make one connection wait */

static const struct store_dialect dialect = {
    .serial = "INTEGER PRIMARY KEY AUTOINCREMENT",
    .clustered = " WITHOUT ROWID",
    .partial = true,
};

/* cache_size: 2 MiB for each connection. journal_size_limit: what a WAL shrinks to after a burst.
 * secure_delete: a forgotten password does not stay in free space. */
static const char pragmas_common[] =
    "PRAGMA mmap_size = 0; PRAGMA cache_size = -2048; PRAGMA temp_store = MEMORY;"
    " PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA secure_delete = FAST;";
static const char pragmas_writer[] =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 1000;"
    " PRAGMA journal_size_limit = 67108864;";
static const char pragmas_reader[] = "PRAGMA query_only = ON; PRAGMA wal_autocheckpoint = 0;";

static int run_script(struct connection *c, const char *sql, struct error *err)
{
    return sqlite3_exec(c->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0
                                                                   : sqlite_error(c, err, "setup");
}

static int connection_open(struct connection *c, const char *path, const char *pragmas,
                           struct error *err)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    if (sqlite3_open_v2(path, &c->db, flags, NULL) != SQLITE_OK)
        return c->db ? sqlite_error(c, err, path)
                     : error_set(err, ERROR_IO, "database: out of memory");
    sqlite3_busy_timeout(c->db, BUSY_TIMEOUT_MS);
    sqlite3_db_config(c->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (run_script(c, pragmas_common, err) < 0 || run_script(c, pragmas, err) < 0)
        return error_context(err, "%s", path);
    return 0;
}

static void connection_close(struct connection *c)
{
    for (size_t i = 0; i < SQL_COUNT; i++)
        sqlite3_finalize(c->cached[i]);
    must(sqlite3_close(c->db) == SQLITE_OK); /* every statement is finalized */
    *c = (struct connection){0};
}

static int read_pragma(struct connection *c, const char *sql, char *out, size_t size,
                       struct error *err)
{
    sqlite3_stmt *q = NULL;
    if (sqlite3_prepare_v2(c->db, sql, -1, &q, NULL) != SQLITE_OK)
        return sqlite_error(c, err, sql);
    int rc = sqlite_row(c, q, err);
    if (rc == 1)
        sqlite_text(q, 0, out, size);
    sqlite3_finalize(q);
    return rc == 1 ? 0 : -1;
}

/* A file system without shared memory leaves the journal as it was, without an error. */
static int check_wal(struct connection *c, struct error *err)
{
    char mode[16] = "";
    if (read_pragma(c, "PRAGMA journal_mode", mode, sizeof mode, err) < 0)
        return -1;
    if (strcmp(mode, "wal") == 0)
        return 0;
    return error_set(err, ERROR_UNSUPPORTED,
                     "this file system cannot hold a write-ahead log (journal mode %s)", mode);
}

/* All steps of one version and the version itself, in one transaction. */
static int migrate_to(struct connection *c, int version, struct error *err)
{
    auto_strbuf script = {0};
    strbuf_adds(&script, "BEGIN IMMEDIATE;");
    for (size_t i = 0; i < store_step_count; i++) {
        if (store_steps[i].version != version)
            continue;
        store_step_text(&script, &store_steps[i], &dialect);
        strbuf_addc(&script, ';');
    }
    strbuf_addf(&script, "PRAGMA user_version = %d; COMMIT;", version);
    if (run_script(c, strbuf_str(&script), err) == 0)
        return 0;
    sqlite3_exec(c->db, "ROLLBACK", NULL, NULL, NULL);
    return error_context(err, "migrating to version %d", version);
}

static int migrate(struct connection *c, struct error *err)
{
    char text[16] = "";
    if (read_pragma(c, "PRAGMA user_version", text, sizeof text, err) < 0)
        return -1;
    int version = atoi(text);
    if (version > store_schema_version())
        return error_set(err, ERROR_UNSUPPORTED,
                         "the database has version %d, this program knows %d: it needs a newer "
                         "pagemill",
                         version, store_schema_version());
    while (version < store_schema_version())
        if (migrate_to(c, ++version, err) < 0)
            return -1;
    return 0;
}

/* A second owner would checkpoint at the same time as the first: see store_sqlite.h. */
static int lock_file(const char *path, struct error *err)
{
    auto_strbuf name = {0};
    strbuf_addf(&name, "%s.lock", path);
    auto_fd fd = open(strbuf_str(&name), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return error_errno(err, "%s", strbuf_str(&name));
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return fd_take(&fd);
    if (errno == EWOULDBLOCK)
        return error_set(err, ERROR_CONFLICT, "%s: another pagemill owns this database", path);
    return error_errno(err, "%s", strbuf_str(&name));
}

/* The one name of the file, made if absent for this user alone. mknod, not open: closing any
 * descriptor of a database file drops SQLite's locks on it in the whole process. */
static char *real_file(const char *path, struct error *err)
{
    if (mknod(path, S_IFREG | 0600, 0) < 0 && errno != EEXIST) {
        error_errno(err, "%s", path);
        return NULL;
    }
    char *real = realpath(path, NULL);
    if (!real)
        error_errno(err, "%s", path);
    return real;
}

static int open_file(struct sqlite_store *s, const char *path, struct error *err)
{
    s->lock = lock_file(path, err);
    if (s->lock < 0 || connection_open(&s->writer, path, pragmas_writer, err) < 0)
        return -1;
    if (check_wal(&s->writer, err) < 0 || migrate(&s->writer, err) < 0)
        return error_context(err, "%s", path);
    for (; s->readers < READERS; s->readers++) {
        struct connection *c = &s->reader[s->readers];
        if (connection_open(c, path, pragmas_reader, err) < 0) {
            connection_close(c);
            return -1;
        }
        sqlite3_db_config(c->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    }
    return 0;
}

static int open_memory(struct sqlite_store *s, struct error *err)
{
    if (connection_open(&s->writer, ":memory:", "PRAGMA synchronous = OFF", err) < 0)
        return -1;
    return migrate(&s->writer, err);
}

static void close_store(struct store *store)
{
    struct sqlite_store *s = (struct sqlite_store *)store;
    for (size_t i = 0; i < s->readers; i++) {
        must(!s->reader[i].lent);
        connection_close(&s->reader[i]);
    }
    connection_close(&s->writer); /* the last one: it checkpoints and removes the WAL */
    fd_close(&s->lock);
    pthread_mutex_destroy(&s->writing);
    pthread_mutex_destroy(&s->pool);
    pthread_cond_destroy(&s->returned);
    free(s);
}

static int open_store(struct store **out, const char *rest, struct error *err)
{
    must(sqlite3_threadsafe());
    if (!*rest)
        return error_set(err, ERROR_INPUT, "sqlite: needs the path of a file, or :memory:");
    struct sqlite_store *s = x_calloc(1, sizeof *s);
    s->base.drv = &store_sqlite;
    s->lock = -1;
    pthread_mutex_init(&s->writing, NULL);
    pthread_mutex_init(&s->pool, NULL);
    pthread_cond_init(&s->returned, NULL);
    int rc;
    if (strcmp(rest, ":memory:") == 0) {
        rc = open_memory(s, err);
    } else {
        char *path = real_file(rest, err);
        rc = path ? open_file(s, path, err) : -1;
        free(path);
    }
    if (rc < 0) {
        close_store(&s->base);
        return -1;
    }
    *out = &s->base;
    return 0;
}

static bool exclusive(const struct store *store)
{
    (void)store;
    return true;
}

struct connection *sqlite_begin(struct store *store, struct error *err)
{
    struct sqlite_store *s = (struct sqlite_store *)store;
    pthread_mutex_lock(&s->writing);
    if (sqlite_change(&s->writer, SQL_BEGIN, NULL, 0, err) >= 0)
        return &s->writer;
    pthread_mutex_unlock(&s->writing);
    return NULL;
}

int sqlite_finish(struct store *store, int rc, struct error *err)
{
    struct sqlite_store *s = (struct sqlite_store *)store;
    if (rc >= 0 && sqlite_change(&s->writer, SQL_COMMIT, NULL, 0, err) < 0)
        rc = -1;
    /* After some failures SQLite has rolled back by itself. A rollback can fail, but not leave the
     * transaction open. */
    if (rc < 0 && !sqlite3_get_autocommit(s->writer.db))
        sqlite_change(&s->writer, SQL_ROLLBACK, NULL, 0, NULL);
    must(sqlite3_get_autocommit(s->writer.db));
    pthread_mutex_unlock(&s->writing);
    return rc;
}

static struct connection *free_reader(struct sqlite_store *s)
{
    for (size_t i = 0; i < s->readers; i++)
        if (!s->reader[i].lent)
            return &s->reader[i];
    return NULL;
}

struct connection *sqlite_lend(struct store *store)
{
    struct sqlite_store *s = (struct sqlite_store *)store;
    if (!s->readers) {
        pthread_mutex_lock(&s->writing);
        return &s->writer;
    }
    struct connection *c;
    pthread_mutex_lock(&s->pool);
    while (!(c = free_reader(s)))
        pthread_cond_wait(&s->returned, &s->pool);
    c->lent = true;
    pthread_mutex_unlock(&s->pool);
    return c;
}

void sqlite_return(struct store *store, struct connection *c)
{
    struct sqlite_store *s = (struct sqlite_store *)store;
    if (c == &s->writer) {
        pthread_mutex_unlock(&s->writing);
        return;
    }
    pthread_mutex_lock(&s->pool);
    c->lent = false;
    pthread_cond_signal(&s->returned);
    pthread_mutex_unlock(&s->pool);
}

const struct store_driver store_sqlite = {
    .scheme = "sqlite",
    .open = open_store,
    .close = close_store,
    .exclusive = exclusive,
    .release_all = sqlite_release_all,
    .submit = sqlite_submit,
    .find_job = sqlite_find_job,
    .list_jobs = sqlite_list_jobs,
    .count_jobs = sqlite_count_jobs,
    .list_queue = sqlite_list_queue,
    .list_pages = sqlite_list_pages,
    .list_changed = sqlite_list_changed,
    .find_page = sqlite_find_page,
    .stats = sqlite_stats,
    .usage = sqlite_usage,
    .claim = sqlite_claim,
    .beat = sqlite_beat,
    .opened = sqlite_opened,
    .done = sqlite_done,
    .fail = sqlite_fail,
    .cancel = sqlite_cancel,
    .retry = sqlite_retry,
    .delete = sqlite_delete,
    .garbage = sqlite_garbage,
    .forget = sqlite_forget,
    .sweep = sqlite_sweep,
    .token_add = sqlite_token_add,
    .token_list = sqlite_token_list,
    .token_expire = sqlite_token_expire,
    .token_remove = sqlite_token_remove,
    .token_used = sqlite_token_used,
    .delivery_claim = sqlite_delivery_claim,
    .delivery_attempted = sqlite_delivery_attempted,
    .delivery_list = sqlite_delivery_list,
    .delivery_attempts = sqlite_delivery_attempts,
    .delivery_resend = sqlite_delivery_resend,
    .delivery_next = sqlite_delivery_next,
};
