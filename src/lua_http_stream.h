/* What the binding of the HTTP client needs from that of its streams. */
#ifndef SLK_LUA_HTTP_STREAM_H
#define SLK_LUA_HTTP_STREAM_H

#include "http_request.h"
#include "http_stream.h"
#include "lua_core.h"

/* Sets the request's stream from the table in the field "stream" of the table at
 * index, if there is one. False with err filled when a file cannot be used;
 * raises on wrong types. */
bool slk_read_http_stream(lua_State *L, int index, struct slk_http_request *request,
                          slk_http_tell *tell, struct slk_error *err);

/* Of lua_http_client.c: pushes a response as a table. */
void slk_push_http_response(lua_State *L, const struct slk_http_result *result);

/* Sets the fields of a streamed response in the table on top of the stack. */
void slk_push_http_stream(lua_State *L, struct slk_http_result *result);

/* The class of files that wait to be given their name. */
void slk_open_http_stream(lua_State *L);

#endif
