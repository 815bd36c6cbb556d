/* Answers of the Web API as values of Lua. Lua thread. */
#ifndef SLK_LUA_WEB_API_H
#define SLK_LUA_WEB_API_H

#include <stdbool.h>

#include "http_request.h"
#include "lua_core.h"

/* The metatable of empty lists, which is at index, is kept for the answers to come. */
void slk_set_web_api_lists(lua_State *L, int index);

/* Pushes { decoded, scopes, accepted_scopes } of an answer that says ok, the latter two as in
 * its head. False, with nothing pushed: it is none, and whoever wants to say why needs all of
 * the response. */
bool slk_push_web_api_answer(lua_State *L, const struct slk_http_result *result);

#endif
