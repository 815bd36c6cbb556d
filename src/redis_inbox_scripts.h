/* The scripts that an inbox runs in a Redis server. Each is a thing that is done as a whole
 * or not at all, and costs one command of a round trip.
 *
 * Under the base, which all get as KEYS[1], there are:
 *   queue         stream: waiting and taken, by its consumer group; "-" has what was given back
 *   held          stream: waiting behind an entry of the same order
 *   delayed, due  stream of what failed, and sorted set: when it is tried again
 *   dead          stream, bounded: what is not tried again
 *   own:OWNER     stream: entries and messages for that owner alone
 *   hand:OWNER    stream: what that owner took when it put it
 *   owners        sorted set: when their leases end
 *   order, order:TEXT   hash: the order of each active entry by its name; and list: that entry's
 *                 name, then the names of those held behind it
 *   key:KEY       a key that is known, and for how long from when its entry was received
 *   left:OWNER    for a while after it gave its lease back
 * An entry's name is its id in the queue, or KIND:ID, or own:OWNER:ID, or hand:OWNER:ID. Its
 * fields: k key, m meta, b body, o order, a attempts, r reason, e error, t received, n owners lost
 * before it came into this stream, j it joined its order again, s of a message: 1. Times are
 * milliseconds of the server's clock. */
#ifndef SLK_REDIS_INBOX_SCRIPTS_H
#define SLK_REDIS_INBOX_SCRIPTS_H

enum slk_redis_script {
    SLK_SCRIPT_PUT,
    SLK_SCRIPT_UNDO,
    SLK_SCRIPT_RENEW,
    SLK_SCRIPT_TEND,
    SLK_SCRIPT_DONE,
    SLK_SCRIPT_PARK,
    SLK_SCRIPT_FAIL,
    SLK_SCRIPT_BACK,
    SLK_SCRIPT_LIST,
    SLK_SCRIPT_RETRY,
    SLK_SCRIPT_DROP,
    SLK_SCRIPT_STATS,
    SLK_SCRIPT_OWNERS,
    SLK_SCRIPT_SEND,
    SLK_SCRIPT_MOVE,
    SLK_SCRIPTS
};

/* Static text, with what each expects and gives beside it. */
extern const char *const slk_redis_scripts[SLK_SCRIPTS];

#endif
