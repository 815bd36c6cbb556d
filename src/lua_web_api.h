/* Answers of the Web API as values of Lua. Lua thread. */
#ifndef SLK_LUA_WEB_API_H
#define SLK_LUA_WEB_API_H

#include <stdbool.h>

#include "http_request.h"
#include "lua_core.h"

/* Pushes an answer that says ok, with the scopes of its head in its response_metadata. False,
 * with nothing pushed: it is none, and whoever wants to say why needs all of the response. */
bool slk_push_web_api_answer(lua_State *L, const struct slk_http_result *result);

void slk_open_web_api(lua_State *L); /* add_scopes */

#endif
