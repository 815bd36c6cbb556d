/* Placeholders so that the module links while its parts are being written. */
#include "lua_core.h"

__attribute__((weak)) void slk_open_codecs(lua_State *L)
{
    (void)L;
}
