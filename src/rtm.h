/* RTM, Slack's outmoded way to classic apps, over the connections of Socket
 * Mode: one connection, flat events without envelopes or acks, pings in JSON,
 * and answers to what is sent. Constant; any thread. */
#ifndef SLK_RTM_H
#define SLK_RTM_H

#include "socket_protocol.h"

/* Frames that are sent have ids of one range, which Slack's replies name: those
 * of pings begin here, those that Lua gives stay below. */
#define SLK_RTM_FIRST_PING 1000000000

/* Events go to Lua as envelopes without an id, with the frame as their payload;
 * replies, as those without a type, by the notices mailbox: a handler waits
 * for them while no more events may be taken. */
const struct slk_socket_protocol *slk_rtm_protocol(void);

#endif
