-- Runs busted under the interpreter that this file is given to, however busted
-- was installed: its own command may be a wrapper for another Lua.
require "busted.runner" { standalone = false }
