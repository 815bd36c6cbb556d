/* Shared by the binding files (lua_*.c), the only ones that know Lua. They
 * check arguments, convert, call the C concept and push the result; no logic.
 * Lua thread only. */
#ifndef SLK_LUA_CORE_H
#define SLK_LUA_CORE_H

#include <lauxlib.h>
#include <lua.h>
#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "text.h"

#if LUA_VERSION_NUM < 504
#error "lua-slack needs Lua 5.4: install liblua5.4-dev and build with LUA_INCDIR pointing to it"
#endif

struct slk_http_client;
struct slk_http_server;
struct slk_log;
struct slk_mailbox;
struct slk_message;
struct slk_net_options;

/* Each binding file adds its functions to the module table on top of the stack. */
void slk_open_mailbox(lua_State *L);       /* mailbox, log, redact */
void slk_open_poller(lua_State *L);        /* poller, signals, monotonic */
void slk_open_http_client(lua_State *L);   /* net, http_client */
void slk_open_socket_mode(lua_State *L);   /* socket_mode */
void slk_open_http_server(lua_State *L);   /* http_server, certificate */
void slk_open_http_receiver(lua_State *L); /* http_receiver */
void slk_open_files(lua_State *L);         /* file_watch, stat, list_directory */
void slk_open_codecs(lua_State *L);        /* sign, verify, is_utf8, *_parser, … */
void slk_open_gzip(lua_State *L);          /* gunzip */
/* Pushes the value of a header by its name in any case; repeated ones are joined by commas. */
bool slk_push_header(lua_State *L, const char *lines, size_t size, const char *name);
void slk_open_headers(lua_State *L);       /* find_header */
void slk_open_crypto(lua_State *L);        /* random, sha256, hmac_sha256, is_equal */
void slk_open_recent_ids(lua_State *L);    /* recent_ids */
void slk_open_text_search(lua_State *L);   /* text_search */
void slk_open_storage(lua_State *L);       /* sqlite, redis */
void slk_open_inbox(lua_State *L);         /* inbox */
void slk_open_processes(lua_State *L);     /* fork, process_ended, reserve_port, … */
void slk_open_child_process(lua_State *L); /* child_process */
void slk_open_watchdog(lua_State *L);      /* watchdog */
void slk_open_json(lua_State *L);          /* json_decode, json_encode, json_list */
void slk_open_block_pool(lua_State *L);    /* pool_blocks */
void slk_empty_block_pool(lua_State *L);   /* where the state has one */
/* Pushes the value of a JSON text; the metatable of empty lists, json_list, is at that index.
 * False, with anything pushed, when it is none, or has more than SLK_JSON_MOST_VALUES. */
bool slk_json_push(lua_State *L, const char *text, size_t length, int list_metatable);
/* The same; an object has room for so many more fields. */
bool slk_json_push_roomy(lua_State *L, const char *text, size_t length, int list_metatable,
                         int spare);
/* Pushes the function (text) -> value | nil, message, of texts of at most so many fields and
 * items; the words and json_list exist. */
void slk_json_push_decode(lua_State *L, lua_Integer most);
/* Pushes the functions (fields, kinds, others) -> text | nil, for fields that are texts, and
 * (value) -> text | nil; json_list exists. */
void slk_json_push_encode(lua_State *L);
#define SLK_JSON_LIST "slack.list" /* the registry's name of json_list */

/* What a userdata begins with that the functions below check. */
struct slk_object {
    void *pointer; /* NULL: closed */
    unsigned home; /* slk_forks_count of the only process that may use it; 0: any may */
};

/* Makes a class: metatable name with __name, __gc, __close and __index = the
 * methods. Both finalizers must be idempotent. */
void slk_class(lua_State *L, const char *name, const luaL_Reg *methods, lua_CFunction finalizer);

/* The same for objects that live by threads, or by what a fork shares with its parent: a
 * process that was forked later only forgets them, at their end and by their method close. */
void slk_home_class(lua_State *L, const char *name, const luaL_Reg *methods,
                    lua_CFunction finalizer);

/* A userdata of a class that holds one pointer, NULL at first; the finalizer
 * frees what is in it. Set the pointer when the C object exists. */
void **slk_new_object(lua_State *L, const char *name);
void **slk_new_home_object(lua_State *L, const char *name); /* of this process alone */

/* The pointer of argument index; raises when it is not of the class, closed, or of the process
 * that this one was forked from. */
void *slk_check_object(lua_State *L, int index, const char *name);

/* The userdata itself, argument index of functions that are called for each event: the class's
 * metatable is their upvalue of that index, which spares the look-up by name. */
void **slk_check_called_object(lua_State *L, int index, const char *name);

/* The failure results: nil, text, code. */
int slk_push_error(lua_State *L, const struct slk_error *err);
int slk_push_status(lua_State *L, int status); /* of SLK_NOMEM and others without words */

/* Option fields of the table at index; each raises on a wrong type, naming the
 * field. Strings live as long as the table does. */
const char *slk_field_string(lua_State *L, int index, const char *name, const char *fallback);
lua_Integer slk_field_integer(lua_State *L, int index, const char *name, lua_Integer fallback);
lua_Number slk_field_number(lua_State *L, int index, const char *name, lua_Number fallback);
int slk_field_boolean(lua_State *L, int index, const char *name, int fallback);
int64_t slk_field_seconds(lua_State *L, int index, const char *name, lua_Number fallback);
/* The pointer of the object in that field; raises when it is missing or of another class. */
void *slk_field_object(lua_State *L, int index, const char *name, const char *class_name);
/* The same, NULL when it is missing. */
void *slk_field_object_or_null(lua_State *L, int index, const char *name, const char *class_name);

#define SLK_CLASS_MAILBOX       "slack.core.mailbox"
#define SLK_CLASS_LOG           "slack.core.log"
#define SLK_CLASS_NET           "slack.core.net"
#define SLK_CLASS_HTTP_CLIENT   "slack.core.http_client"
#define SLK_CLASS_SOCKET_MODE   "slack.core.socket_mode"
#define SLK_CLASS_HTTP_SERVER   "slack.core.http_server"
#define SLK_CLASS_HTTP_RECEIVER "slack.core.http_receiver"
#define SLK_CLASS_FILE_WATCH    "slack.core.file_watch"
#define SLK_CLASS_POLLER        "slack.core.poller"
#define SLK_CLASS_SIGNALS       "slack.core.signals"
#define SLK_CLASS_RECENT_IDS    "slack.core.recent_ids"
#define SLK_CLASS_INBOX         "slack.core.inbox"
#define SLK_CLASS_STORAGE       "slack.core.storage"
#define SLK_CLASS_TEXT_SEARCH   "slack.core.text_search"
#define SLK_CLASS_CHILD         "slack.core.child"

/* Where the functions below find the metatable of lists: an upvalue of those that call them. */
#define SLK_LISTS_OF_TAKE lua_upvalueindex(2)

/* Pushes the body of an event with null in place of the event, whose text lies in it: Lua decodes
 * the two apart (event_body.lua). */
void slk_push_event_rest(lua_State *L, struct slk_text body, struct slk_text event);

/* nil when it has none: data is NULL. */
void slk_push_event_id(lua_State *L, struct slk_text id);

/* Pushes what mailbox:take gives after the kind; returns how many values.
 * Called with the message owned by a userdata, so that raising is safe. */
int slk_push_http_result(lua_State *L, const struct slk_message *message);
int slk_push_http_event(lua_State *L, const struct slk_message *message);
int slk_push_envelope(lua_State *L, const struct slk_message *message);
int slk_push_event(lua_State *L, const struct slk_message *message);
int slk_push_connection(lua_State *L, const struct slk_message *message);
int slk_push_ack(lua_State *L, const struct slk_message *message);
int slk_push_request(lua_State *L, const struct slk_message *message);
int slk_push_delivery(lua_State *L, const struct slk_message *message);
int slk_push_stored(lua_State *L, const struct slk_message *message);
int slk_push_served(lua_State *L, const struct slk_message *message);

#endif
