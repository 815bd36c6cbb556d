/* Notices that this process is a fork. It has copies of all objects of its parent, but none of
 * the threads that they live by, and shares with it what stands behind their descriptors. */
#ifndef SLK_FORKS_H
#define SLK_FORKS_H

/* Any thread, before the first count that matters. */
void slk_forks_watch(void);

/* Any thread. From 1 on, and one more in each generation of forks: what was made at another
 * count belongs to the parent. */
unsigned slk_forks_count(void);

#endif
