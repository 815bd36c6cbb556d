#include "lua_core.h"

#include "json_text.h"
#include "lua_words.h"

void slk_open_json(lua_State *L)
{
    luaL_newmetatable(L, SLK_JSON_LIST);
    lua_setfield(L, -2, "json_list");
    slk_open_words(L);
    slk_json_push_decode(L, SLK_JSON_MOST_VALUES);
    lua_setfield(L, -2, "json_decode");
    slk_json_push_decode(L, LUA_MAXINTEGER);
    lua_setfield(L, -2, "json_decode_own");
    slk_json_push_encode(L);
    lua_setfield(L, -3, "json_encode");
    lua_setfield(L, -2, "json_encode_texts");
}
