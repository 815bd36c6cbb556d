#include "server_thread.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "thread.h"

#define MAX_FDS     16384 /* lws sizes its tables by the process's limit, often 1M */
#define READ_BUFFER 32768 /* what one read may bring */
/* Seconds for a TLS handshake, from there to the first byte, and for the head of an upgrade. */
#define TIMEOUT 10

struct log_link {
    struct log_link *next;
    struct slk_log *log;
};

struct slk_server_thread {
    pthread_t thread;
    struct lws_context *context;
    struct log_link *logs; /* server thread, or while there is none */
    bool stopping;         /* server thread, as is the next */
    struct slk_server_habit *habits;

    pthread_mutex_t queue_lock; /* guards first, last and the answers of calls and start */
    pthread_cond_t answered;
    struct slk_server_job *first;
    struct slk_server_job **last;
    bool started;
};

/* The one global: which thread serves this process, and for how many. */
static struct {
    pthread_mutex_t lock;
    struct slk_server_thread *thread;
    unsigned references;
} process = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* A fork has no copy of the thread. */
static void forget_thread(void)
{
    pthread_mutex_init(&process.lock, NULL);
    process.thread = NULL;
    process.references = 0;
}

static void watch_forks(void)
{
    pthread_atfork(NULL, NULL, forget_thread);
}

/* libwebsockets' log function has no context argument, but is called on the
 * thread that has something to say. */
static _Thread_local struct slk_server_thread *this_thread;

static enum slk_log_level level_of(int lws_level)
{
    /* Its errors are mostly a peer's misbehavior, none of them ends a server. */
    return lws_level == LLL_ERR ? SLK_LOG_WARN : SLK_LOG_DEBUG;
}

static bool is_harmless(const char *line)
{
    /* Said of every listening socket that is adopted into a raw-skt vhost, and
     * of every upgrade that we refuse. */
    return strstr(line, "adoption bind to role") != NULL ||
           strstr(line, "User code denied connection") != NULL;
}

static void emit(int level, const char *line)
{
    struct slk_server_thread *thread = this_thread;
    if (thread == NULL) {
        lwsl_emit_stderr(level, line); /* another user of libwebsockets in this process */
        return;
    }
    if (is_harmless(line)) {
        return;
    }
    size_t length = strcspn(line, "\r\n");
    for (struct log_link *link = thread->logs; link != NULL; link = link->next) {
        slk_log_write(link->log, level_of(level), "libwebsockets", "%.*s", (int)length, line);
    }
}

struct log_change {
    struct slk_server_thread *thread;
    struct slk_log *log;
    int status;
};

static void add_log(void *argument)
{
    struct log_change *change = argument;
    struct log_link *link = malloc(sizeof *link);
    if (link == NULL) {
        change->status = SLK_NOMEM;
        return;
    }
    *link = (struct log_link){change->thread->logs, slk_log_retain(change->log)};
    change->thread->logs = link;
}

static void remove_log(void *argument)
{
    struct log_change *change = argument;
    struct log_link **place = &change->thread->logs;
    while (*place != NULL && (*place)->log != change->log) {
        place = &(*place)->next;
    }
    struct log_link *link = *place;
    if (link != NULL) {
        *place = link->next;
        slk_log_release(link->log);
        free(link);
    }
}

static rlim_t soft_limit(struct rlimit *limit)
{
    return getrlimit(RLIMIT_NOFILE, limit) == 0 ? limit->rlim_cur : MAX_FDS;
}

size_t slk_server_thread_most_sockets(void)
{
    struct rlimit limit;
    rlim_t most = soft_limit(&limit);
    return most < MAX_FDS ? (size_t)most : MAX_FDS;
}

/* lws makes its tables as large as the process's limit of descriptors. Its own
 * setting for less (fd_limit_per_thread) makes it look for each descriptor from
 * the beginning of the table, so the limit itself is lowered for the moment:
 * that touches nobody who does not have as many open. */
static struct lws_context *create_with_small_tables(const struct lws_context_creation_info *info)
{
    struct rlimit before, lowered;
    bool is_lower = soft_limit(&before) <= MAX_FDS;
    if (is_lower) {
        return lws_create_context(info);
    }
    lowered = (struct rlimit){.rlim_cur = MAX_FDS, .rlim_max = before.rlim_max};
    setrlimit(RLIMIT_NOFILE, &lowered);
    struct lws_context *context = lws_create_context(info);
    setrlimit(RLIMIT_NOFILE, &before);
    return context;
}

static struct lws_context *create_context(void)
{
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN,
        .options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT,
        .pt_serv_buf_size = READ_BUFFER,
        .timeout_secs = TIMEOUT,
        .gid = (gid_t)-1,
        .uid = (uid_t)-1,
    };
    lws_set_log_level(LLL_ERR | LLL_WARN, emit);
    /* lws sets SIGPIPE to ignored for the whole process, which children of the
     * program would inherit. This thread blocks it anyway. */
    struct sigaction before;
    sigaction(SIGPIPE, NULL, &before);
    struct lws_context *context = create_with_small_tables(&info);
    sigaction(SIGPIPE, &before, NULL);
    return context;
}

static void run_jobs(struct slk_server_thread *thread)
{
    pthread_mutex_lock(&thread->queue_lock);
    struct slk_server_job *job = thread->first;
    thread->first = NULL;
    thread->last = &thread->first;
    pthread_mutex_unlock(&thread->queue_lock);
    while (job != NULL) {
        struct slk_server_job *next = job->next;
        job->run(job);
        job = next;
    }
}

static void run_habits(struct slk_server_thread *thread)
{
    for (struct slk_server_habit *habit = thread->habits; habit != NULL; habit = habit->next) {
        habit->run(habit);
    }
}

static void *serve(void *argument)
{
    struct slk_server_thread *thread = argument;
    this_thread = thread;
    struct lws_context *context = create_context();
    pthread_mutex_lock(&thread->queue_lock);
    thread->context = context;
    thread->started = true;
    pthread_cond_broadcast(&thread->answered);
    pthread_mutex_unlock(&thread->queue_lock);
    if (context == NULL) {
        return NULL;
    }
    for (run_jobs(thread); !thread->stopping; run_jobs(thread)) {
        run_habits(thread); /* also for what the jobs have brought about */
        /* Blocks until something happens, lws_cancel_service included: with lws
         * any timeout of 0 and above means for ever. */
        lws_service(context, 0);
    }
    lws_context_destroy(context);
    this_thread = NULL;
    return NULL;
}

static void destroy_thread(struct slk_server_thread *thread)
{
    pthread_cond_destroy(&thread->answered);
    pthread_mutex_destroy(&thread->queue_lock);
    free(thread);
}

static struct slk_server_thread *create_thread(void)
{
    struct slk_server_thread *thread = calloc(1, sizeof *thread);
    if (thread == NULL) {
        return NULL;
    }
    thread->last = &thread->first;
    pthread_mutex_init(&thread->queue_lock, NULL);
    pthread_cond_init(&thread->answered, NULL);
    return thread;
}

static int start(struct slk_server_thread *thread)
{
    if (slk_thread_start(&thread->thread, "slack-server", serve, thread) != SLK_OK) {
        return SLK_SYSTEM;
    }
    pthread_mutex_lock(&thread->queue_lock);
    while (!thread->started) {
        pthread_cond_wait(&thread->answered, &thread->queue_lock);
    }
    bool failed = thread->context == NULL;
    pthread_mutex_unlock(&thread->queue_lock);
    if (failed) {
        pthread_join(thread->thread, NULL);
        return SLK_SYSTEM;
    }
    return SLK_OK;
}

/* Under the process's lock, so that two first servers do not start two. */
static int start_first(struct slk_error *err)
{
    struct slk_server_thread *thread = create_thread();
    if (thread == NULL) {
        slk_error_set(err, "memory", "out of memory");
        return SLK_NOMEM;
    }
    if (start(thread) != SLK_OK) {
        slk_error_set(err, "server", "cannot start the server thread");
        destroy_thread(thread);
        return SLK_SYSTEM;
    }
    process.thread = thread;
    return SLK_OK;
}

struct stop_job {
    struct slk_server_job job;
    struct slk_server_thread *thread;
};

struct slk_server_thread *slk_server_thread_acquire(struct slk_log *log, struct slk_error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct slk_server_thread *thread = NULL;
    pthread_once(&once, watch_forks);
    pthread_mutex_lock(&process.lock);
    if (process.thread != NULL || start_first(err) == SLK_OK) {
        thread = process.thread;
        process.references++;
    }
    pthread_mutex_unlock(&process.lock);
    struct log_change change = {thread, log, SLK_OK};
    if (thread != NULL && log != NULL) {
        slk_server_thread_call(thread, add_log, &change);
    }
    if (change.status != SLK_OK) {
        slk_error_set(err, "memory", "out of memory");
        slk_server_thread_release(thread, NULL);
        return NULL;
    }
    return thread;
}

static void stop(struct slk_server_job *job)
{
    struct stop_job *order = (struct stop_job *)job;
    order->thread->stopping = true;
}

void slk_server_thread_release(struct slk_server_thread *thread, struct slk_log *log)
{
    struct log_change change = {thread, log, SLK_OK};
    if (log != NULL) {
        slk_server_thread_call(thread, remove_log, &change);
    }
    /* The lock is held over the join: a new context must not be made before
     * the old one is gone. */
    pthread_mutex_lock(&process.lock);
    if (--process.references == 0) {
        process.thread = NULL;
        struct stop_job order = {{NULL, stop}, thread};
        slk_server_thread_post(thread, &order.job);
        pthread_join(thread->thread, NULL);
        destroy_thread(thread);
    }
    pthread_mutex_unlock(&process.lock);
}

void slk_server_thread_post(struct slk_server_thread *thread, struct slk_server_job *job)
{
    job->next = NULL;
    pthread_mutex_lock(&thread->queue_lock);
    if (thread->first == NULL) {
        /* Under the lock, because once the thread has the job that ends it the
         * context may go away at any time. */
        lws_cancel_service(thread->context);
    }
    *thread->last = job;
    thread->last = &job->next;
    pthread_mutex_unlock(&thread->queue_lock);
}

struct call {
    struct slk_server_job job;
    struct slk_server_thread *thread;
    void (*run)(void *argument);
    void *argument;
    bool done;
};

static void run_call(struct slk_server_job *job)
{
    struct call *call = (struct call *)job;
    struct slk_server_thread *thread = call->thread;
    call->run(call->argument);
    pthread_mutex_lock(&thread->queue_lock);
    call->done = true;
    pthread_cond_broadcast(&thread->answered);
    pthread_mutex_unlock(&thread->queue_lock);
}

void slk_server_thread_call(struct slk_server_thread *thread, void (*run)(void *argument),
                            void *argument)
{
    struct call call = {.job.run = run_call, .thread = thread, .run = run, .argument = argument};
    slk_server_thread_post(thread, &call.job);
    pthread_mutex_lock(&thread->queue_lock);
    while (!call.done) {
        pthread_cond_wait(&thread->answered, &thread->queue_lock);
    }
    pthread_mutex_unlock(&thread->queue_lock);
}

struct lws_context *slk_server_thread_context(struct slk_server_thread *thread)
{
    return thread->context;
}

void slk_server_thread_add_habit(struct slk_server_thread *thread, struct slk_server_habit *habit)
{
    habit->next = thread->habits;
    thread->habits = habit;
}

void slk_server_thread_remove_habit(struct slk_server_thread *thread,
                                    const struct slk_server_habit *habit)
{
    struct slk_server_habit **place = &thread->habits;
    while (*place != NULL && *place != habit) {
        place = &(*place)->next;
    }
    if (*place != NULL) {
        *place = habit->next;
    }
}
