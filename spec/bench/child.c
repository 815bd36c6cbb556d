#include "child.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STOP_SECONDS 5

bool child_start(struct child *child, char *const arguments[])
{
    int ends[2];
    *child = (struct child){.pid = -1, .output = -1};
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return false;
    }
    child->pid = fork();
    if (child->pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        execvp(arguments[0], arguments);
        fprintf(stderr, "cannot run %s\n", arguments[0]);
        _exit(127);
    }
    close(ends[1]);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    child->output = ends[0];
    return child->pid > 0;
}

bool child_is_alive(const struct child *child)
{
    siginfo_t info = {.si_pid = 0};
    return waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == 0;
}

int64_t child_cpu(const struct child *child)
{
    clockid_t clock;
    struct timespec used;
    if (child->pid <= 0 || clock_getcpuclockid(child->pid, &clock) != 0 ||
        clock_gettime(clock, &used) != 0) {
        return -1;
    }
    return (int64_t)used.tv_sec * 1000000000 + used.tv_nsec;
}

long child_memory(const struct child *child, const char *field)
{
    char path[64], line[256];
    snprintf(path, sizeof path, "/proc/%d/status", (int)child->pid);
    FILE *file = fopen(path, "re");
    long value = 0;
    size_t length = strlen(field);
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, field, length) == 0 && line[length] == ':') {
            value = strtol(line + length + 1, NULL, 10);
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    return value;
}

static bool read_text(const char *directory, const char *entry, const char *name, char *text,
                      size_t size)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%.32s/%s", directory, entry, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    ssize_t got = read(fd, text, size - 1);
    close(fd);
    text[got > 0 ? got : 0] = '\0';
    text[strcspn(text, "\n")] = '\0';
    return got > 0;
}

static void add_thread(struct child_snapshot *snapshot, const char *name, int64_t cpu)
{
    size_t i = 0;
    while (i < snapshot->count && strcmp(snapshot->list[i].name, name) != 0) {
        i++;
    }
    if (i == CHILD_THREADS) {
        return;
    }
    if (i == snapshot->count) {
        snapshot->list[i] = (struct child_thread){.cpu = 0};
        snprintf(snapshot->list[i].name, sizeof snapshot->list[i].name, "%s", name);
        snapshot->count++;
    }
    snapshot->list[i].cpu += cpu;
}

static void take_snapshot(const struct child *child, struct child_snapshot *snapshot)
{
    char directory[64], name[16], times[128];
    snprintf(directory, sizeof directory, "/proc/%d/task", (int)child->pid);
    DIR *tasks = opendir(directory);
    snapshot->count = 0;
    for (struct dirent *entry; tasks != NULL && (entry = readdir(tasks)) != NULL;) {
        if (entry->d_name[0] != '.' &&
            read_text(directory, entry->d_name, "comm", name, sizeof name) &&
            read_text(directory, entry->d_name, "schedstat", times, sizeof times)) {
            add_thread(snapshot, name, strtoll(times, NULL, 10));
        }
    }
    if (tasks != NULL) {
        closedir(tasks);
    }
}

void child_threads_begin(const struct child *child, struct child_threads *threads)
{
    take_snapshot(child, &threads->before);
}

void child_threads_end(const struct child *child, struct child_threads *threads)
{
    take_snapshot(child, &threads->after);
}

static int64_t cpu_of(const struct child_snapshot *snapshot, const char *name)
{
    for (size_t i = 0; i < snapshot->count; i++) {
        if (strcmp(snapshot->list[i].name, name) == 0) {
            return snapshot->list[i].cpu;
        }
    }
    return 0;
}

void child_print_threads(const struct child_threads *threads, FILE *file)
{
    fprintf(file, ",\"threads\":{");
    for (size_t i = 0; i < threads->after.count; i++) {
        const struct child_thread *thread = &threads->after.list[i];
        fprintf(file, "%s\"%s\":%.6f", i > 0 ? "," : "", thread->name,
                (double)(thread->cpu - cpu_of(&threads->before, thread->name)) / 1e9);
    }
    fprintf(file, "}");
}

/* Keeps the end of what is said when there is more than fits. */
static void listen_to(struct child *child)
{
    char data[1024];
    ssize_t got;
    while ((got = read(child->output, data, sizeof data)) > 0) {
        size_t room = sizeof child->said - 1 - child->said_length;
        if ((size_t)got > room) {
            size_t drop = (size_t)got - room;
            memmove(child->said, child->said + drop, child->said_length - drop);
            child->said_length -= drop;
        }
        memcpy(child->said + child->said_length, data, (size_t)got);
        child->said_length += (size_t)got;
    }
    child->said[child->said_length] = '\0';
}

static int64_t nanoseconds(struct timeval time)
{
    return ((int64_t)time.tv_sec * 1000000 + time.tv_usec) * 1000;
}

/* Waits for its end and notes what it has used; false while it runs. */
static bool bury(struct child *child, int options)
{
    struct rusage usage;
    if (wait4(child->pid, NULL, options, &usage) != child->pid) {
        return false;
    }
    child->used = nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime);
    child->pid = -1;
    return true;
}

void child_stop(struct child *child)
{
    if (child->pid <= 0) {
        return;
    }
    kill(child->pid, SIGTERM);
    for (int i = 0; i < STOP_SECONDS * 100; i++) {
        listen_to(child);
        if (bury(child, WNOHANG)) {
            break;
        }
        poll(NULL, 0, 10);
    }
    if (child->pid > 0) {
        kill(child->pid, SIGKILL);
        bury(child, 0);
    }
    listen_to(child);
    close(child->output);
}

const char *child_answer(struct child *child)
{
    size_t length = child->said_length;
    while (length > 0 && child->said[length - 1] == '\n') {
        child->said[--length] = '\0';
    }
    char *line = strrchr(child->said, '\n');
    line = line != NULL ? line + 1 : child->said;
    return line[0] == '{' && length > 0 && child->said[length - 1] == '}' ? line : "null";
}
