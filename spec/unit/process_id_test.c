/* Whether a process of this machine has ended, of which nothing is known but what it once said of
 * itself: its number may be another's by now. */
#include "process_id.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

/* A process that lives until it is ended, or this one is; and its id. */
static pid_t begin(struct slk_process_id *id)
{
    int told[2], lives[2]; /* this end of lives stays open */
    CHECK(pipe(told) == 0 && pipe(lives) == 0);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        char none;
        close(lives[1]);
        slk_process_id_get(id);
        CHECK(write(told[1], id, sizeof *id) == (ssize_t)sizeof *id);
        _exit(read(lives[0], &none, 1) == 0 ? 0 : 1);
    }
    CHECK(read(told[0], id, sizeof *id) == (ssize_t)sizeof *id);
    close(told[0]);
    close(told[1]);
    close(lives[0]);
    return child;
}

static void await_end(pid_t child)
{
    siginfo_t info;
    CHECK(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT) == 0); /* it stays a zombie */
}

int main(void)
{
    struct slk_process_id self, other;
    slk_process_id_get(&self);
    CHECK(self.number == getpid());
    if (self.place[0] == '\0') {
        return 0; /* this system does not tell */
    }
    CHECK(!slk_process_has_ended(&self, &self));
    pid_t child = begin(&other);
    CHECK(other.number == child && strcmp(other.place, self.place) == 0);
    CHECK(!slk_process_has_ended(&other, &self));

    struct slk_process_id earlier = other, elsewhere = other;
    earlier.started--; /* who had the number before */
    CHECK(slk_process_has_ended(&earlier, &self));
    elsewhere.place[0] ^= 1; /* of another machine nothing can be said */
    elsewhere.started--;
    CHECK(!slk_process_has_ended(&elsewhere, &self));

    kill(child, SIGKILL);
    await_end(child);
    CHECK(slk_process_has_ended(&other, &self)); /* whoever began it may never look */
    CHECK(waitpid(child, NULL, 0) == child);
    CHECK(slk_process_has_ended(&other, &self));
    return 0;
}
