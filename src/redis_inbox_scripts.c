#include "redis_inbox_scripts.h"

/* What several scripts need stands before them. Each begins with a write that does nothing:
 * Redis refuses a script for lack of memory only at its first write, and what empties an inbox
 * must go on when it is full. Only put and send begin with what takes memory. */

#define BASE                                                                                       \
    "local call,pcall,P=redis.call,redis.pcall,KEYS[1]\n"                                          \
    "local Q,G=P..'queue','inbox'\n"

#define FREE "call('DEL',P..'none')\n"

#define CLOCK                                                                                      \
    "local function clock()\n"                                                                     \
    " local t=call('TIME') return t[1]*1000+math.floor(t[2]/1000)\n"                               \
    "end\n"

/* The stream and the id that a name means; nil. */
#define PLACE                                                                                      \
    "local kinds={held=1,delayed=1,dead=1}\n"                                                      \
    "local function place(name)\n"                                                                 \
    " if name:find('^%d+%-%d+$') then return Q,name end\n"                                         \
    " local kind,id=name:match('^(.+):(%d+%-%d+)$')\n"                                             \
    " if kind and (kinds[kind] or kind:find('^own:') or kind:find('^hand:')) then\n"               \
    "  return P..kind,id\n"                                                                        \
    " end\n"                                                                                       \
    "end\n"                                                                                        \
    "local function read(stream,id) return call('XRANGE',stream,id,id)[1] end\n"                   \
    "local function gone(stream,id)\n"                                                             \
    " call('XACK',stream,G,id)\n"                                                                  \
    " return call('XDEL',stream,id)\n"                                                             \
    "end\n"

#define FIELDS                                                                                     \
    "local function get(f,k)\n"                                                                    \
    " for i=1,#f,2 do if f[i]==k then return f[i+1] end end\n"                                     \
    "end\n"                                                                                        \
    "local function set(f,k,v)\n"                                                                  \
    " for i=1,#f,2 do if f[i]==k then f[i+1]=v return end end\n"                                   \
    " f[#f+1]=k f[#f+1]=v\n"                                                                       \
    "end\n"                                                                                        \
    "local function count_deaths(e,more)\n"                                                        \
    " local n=more+tonumber(get(e[2],'n') or 0)\n"                                                 \
    " if n>0 then set(e[2],'n',string.format('%d',n)) end\n"                                       \
    " return n\n"                                                                                  \
    "end\n"                                                                                        \
    "local function received(e) return get(e[2],'t') or e[1]:match('^%d+') end\n"                  \
    "local function keep_time(e) set(e[2],'t',received(e)) end\n"

/* follow: what is held behind an entry that gives up its place comes into the queue.
 * rename: the entry keeps its place under another name. */
#define ORDER                                                                                      \
    "local function rename(old,new)\n"                                                             \
    " local o=call('HGET',P..'order',old)\n"                                                       \
    " if o then\n"                                                                                 \
    "  call('HDEL',P..'order',old) call('HSET',P..'order',new,o)\n"                                \
    "  call('LSET',P..'order:'..o,0,new)\n"                                                        \
    " end\n"                                                                                       \
    "end\n"                                                                                        \
    "local function follow(name)\n"                                                                \
    " local o=call('HGET',P..'order',name)\n"                                                      \
    " if not o then return end\n"                                                                  \
    " local line=P..'order:'..o\n"                                                                 \
    " call('HDEL',P..'order',name) call('LPOP',line)\n"                                            \
    " local next=call('LINDEX',line,0)\n"                                                          \
    " while next do\n"                                                                             \
    "  local stream,id=place(next)\n"                                                              \
    "  local e=read(stream,id)\n"                                                                  \
    "  if e then\n"                                                                                \
    "   keep_time(e)\n"                                                                            \
    "   local new=call('XADD',Q,'*',unpack(e[2]))\n"                                               \
    "   call('XDEL',stream,id) call('LSET',line,0,new)\n"                                          \
    "   return call('HSET',P..'order',new,o)\n"                                                    \
    "  end\n"                                                                                      \
    "  call('LPOP',line) next=call('LINDEX',line,0)\n"                                             \
    " end\n"                                                                                       \
    "end\n"

/* Puts an entry at the end of the queue; or into its order's line, before all that nobody has
 * had yet: they came after it, as it was the first in line once. Among others of its kind (j) it
 * comes by when it was received. */
#define JOIN                                                                                       \
    "local function is_fresh(id)\n"                                                                \
    " return #pcall('XPENDING',Q,G,id,id,1)==0\n"                                                  \
    "end\n"                                                                                        \
    "local function lead(f,o)\n"                                                                   \
    " local id=call('XADD',Q,'*',unpack(f))\n"                                                     \
    " call('LPUSH',P..'order:'..o,id) call('HSET',P..'order',id,o)\n"                              \
    "end\n"                                                                                        \
    "local function is_behind(e,f)\n"                                                              \
    " return not get(e[2],'j') or tonumber(received(e))>=tonumber(get(f,'t'))\n"                   \
    "end\n"                                                                                        \
    "local function hold(f) return 'held:'..call('XADD',P..'held','*',unpack(f)) end\n"            \
    "local function insert(f,line)\n"                                                              \
    " local i,name=0,nil\n"                                                                        \
    " repeat\n"                                                                                    \
    "  i=i+1 name=call('LINDEX',line,i)\n"                                                         \
    "  local e=name and read(place(name))\n"                                                       \
    " until not e or is_behind(e,f)\n"                                                             \
    " if name then call('LINSERT',line,'BEFORE',name,hold(f))\n"                                   \
    " else call('RPUSH',line,hold(f)) end\n"                                                       \
    "end\n"                                                                                        \
    "local function join(e)\n"                                                                     \
    " keep_time(e) set(e[2],'j','1')\n"                                                            \
    " local f,o=e[2],get(e[2],'o')\n"                                                              \
    " if not o then return call('XADD',Q,'*',unpack(f)) end\n"                                     \
    " local line=P..'order:'..o\n"                                                                 \
    " local first=call('LINDEX',line,0)\n"                                                         \
    " if not first then return lead(f,o) end\n"                                                    \
    " local other=place(first)==Q and is_fresh(first) and read(Q,first)\n"                         \
    " if other and is_behind(other,f) then\n"                                                      \
    "  gone(Q,first) call('HDEL',P..'order',first) call('LPOP',line)\n"                            \
    "  keep_time(other) call('LPUSH',line,hold(other[2]))\n"                                       \
    "  return lead(f,o)\n"                                                                         \
    " end\n"                                                                                       \
    " insert(f,line)\n"                                                                            \
    "end\n"

/* The key of what has ended is remembered from now on, as long as was asked; till then for as
 * long as it is there. */
#define FORGET                                                                                     \
    "local function forget(e)\n"                                                                   \
    " local key=get(e[2],'k')\n"                                                                   \
    " if not key then return end\n"                                                                \
    " key=P..'key:'..key\n"                                                                        \
    " call('PEXPIRE',key,call('GET',key) or 0)\n"                                                  \
    "end\n"

/* Room for so many dead; what is older is dropped, and counted. -> the name it now has. */
#define BURY                                                                                       \
    "local dropped=0\n"                                                                            \
    "local function bury(e,text,max)\n"                                                            \
    " keep_time(e) set(e[2],'e',text)\n"                                                           \
    " if call('XLEN',P..'dead')>=tonumber(max) then dropped=dropped+1 end\n"                       \
    " return 'dead:'..call('XADD',P..'dead','MAXLEN',max,'*',unpack(e[2]))\n"                      \
    "end\n"

#define SOME BASE PLACE FIELDS ORDER

/* ARGV: key, life, how much longer it is remembered while it is not done, max_entries, meta,
 * body, order, and of what this process takes at once: owner, lease. -> the name of what was
 * taken, 1: kept, 0: known, -1: full. The key is remembered last: an error before leaves nothing
 * behind. What was taken once is so again, as nobody may have heard of it. */
static const char put[] = BASE CLOCK
    "local key,me,o=P..'key:'..ARGV[1],ARGV[8],ARGV[7]\n"
    "local mine=me and P..'hand:'..me\n"
    "if call('EXISTS',key)==1 then\n"
    " for _,e in ipairs(mine and call('XRANGE',mine,'-','+') or {}) do\n"
    "  if e[2][2]==ARGV[1] then return 'hand:'..me..':'..e[1] end\n"
    " end\n"
    " return 0\n"
    "end\n"
    "local count=call('XLEN',Q)+call('XLEN',P..'held')+call('XLEN',P..'delayed')\n"
    "if mine then count=count+call('XLEN',mine) end\n"
    "if count>=tonumber(ARGV[4]) then return -1 end\n"
    "local result=1\n"
    "if mine then\n"
    " call('ZADD',P..'owners','NX',clock()+ARGV[9],me)\n"
    " result='hand:'..me..':'..call('XADD',mine,'*','k',ARGV[1],'m',ARGV[5],'b',ARGV[6])\n"
    "elseif o=='' then\n"
    " call('XADD',Q,'*','k',ARGV[1],'m',ARGV[5],'b',ARGV[6])\n"
    "else\n"
    " local line=P..'order:'..o\n"
    " local is_held=call('EXISTS',line)==1\n"
    " local id=call('XADD',is_held and P..'held' or Q,'*',\n"
    "  'k',ARGV[1],'m',ARGV[5],'b',ARGV[6],'o',o)\n"
    " call('RPUSH',line,(is_held and 'held:' or '')..id)\n"
    " if not is_held then call('HSET',P..'order',id,o) end\n"
    "end\n"
    "call('SET',key,ARGV[2],'PX',math.max(ARGV[2]+ARGV[3],1))\n"
    "return result\n";

/* ARGV: owner, keys of what it wanted to take. -> 1. The server may have taken them after all. */
static const char undo[] = BASE FREE "local mine,lost=P..'hand:'..ARGV[1],{}\n"
                                     "for key in ARGV[2]:gmatch('[^\\n]+') do lost[key]=true end\n"
                                     "for _,e in ipairs(call('XRANGE',mine,'-','+')) do\n"
                                     " if lost[e[2][2]] then\n"
                                     "  call('XDEL',mine,e[1]) call('DEL',P..'key:'..e[2][2])\n"
                                     " end\n"
                                     "end\n"
                                     "return 1\n";

/* Makes the lease longer. -> whether it had run out, or there was none. */
#define RENEW                                                                                      \
    "local function renew(me,lease,now)\n"                                                         \
    " local ends=tonumber(call('ZSCORE',P..'owners',me) or 0)\n"                                   \
    " call('ZADD',P..'owners',now+lease,me)\n"                                                     \
    " return ends<now\n"                                                                           \
    "end\n"

/* ARGV: owner, lease, "1": registers. -> 1: it had run out, 0, or -1: this owner has left, or none
 * of its stores has claimed anything yet. */
static const char renew[] = BASE FREE CLOCK RENEW
    "local is_owner=ARGV[3]~='' or call('ZSCORE',P..'owners',ARGV[1])\n"
    "if not is_owner or call('EXISTS',P..'left:'..ARGV[1])==1 then return -1 end\n"
    "return renew(ARGV[1],tonumber(ARGV[2]),clock()) and 1 or 0\n";

/* ARGV: owner, lease, limit, max_takeovers, max_dead, keep_dead, "1": takes over, "1": sweeps,
 * "" or since when nothing of this owner's has come through, the last ids that had come through of
 * the queue and of the owner's own stream. -> the time, milliseconds until the
 * next is due or -1, 1: the lease had run out, the names of those that died, how many dead were
 * dropped, and a list of name, fields, reason. With limit 0 nothing but this owner's own comes. */
static const char tend[] = SOME FREE CLOCK FORGET JOIN BURY RENEW
    "local me,limit,max=ARGV[1],tonumber(ARGV[3]),tonumber(ARGV[4])\n"
    "local now=clock()\n"
    "local got,died={},{}\n"
    "local mine=P..'own:'..me\n"
    "call('DEL',P..'left:'..me)\n"
    "local lapsed=renew(me,tonumber(ARGV[2]),now)\n"
    "local function add(name,e,reason) got[#got+1]={name,e[2],reason} end\n"
    "local function open(stream)\n"
    " if call('EXISTS',stream)==0 or #call('XINFO','GROUPS',stream)==0 then\n"
    "  call('XGROUP','CREATE',stream,G,'0','MKSTREAM')\n"
    " end\n"
    "end\n"
    "open(Q) open(mine)\n"

    /* What was sent to this owner comes before all else: it may be about that. */
    "local function read_mine()\n"
    " local n=limit>0 and limit or 100\n"
    " local some=call('XREADGROUP','GROUP',G,me,'COUNT',n,'STREAMS',mine,'>')\n"
    " for _,e in ipairs(some and some[1][2] or {}) do\n"
    "  if get(e[2],'s')=='wake' then gone(mine,e[1])\n"
    "  else add('own:'..me..':'..e[1],e,'') end\n"
    " end\n"
    "end\n"

    /* An answer was lost: what this owner was given with it, it was given after the last answer
     * that came, to the millisecond, and is later in its stream unless it was taken over. */
    "local since=tonumber(ARGV[9])\n"
    "local function is_later(a,b)\n"
    " local ms,n=a:match('^(%d+)%-(%d+)$')\n"
    " local old_ms,old_n=b:match('^(%d+)%-(%d+)$')\n"
    " return not old_ms or ms+0>old_ms+0 or ms==old_ms and n+0>old_n+0\n"
    "end\n"
    "local function is_new(p,at,last)\n"
    " return at>since+1 or at>=since and (p[4]>1 or is_later(p[1],last))\n"
    "end\n"
    "local function resume(stream,kind,last)\n"
    " local from='-'\n"
    " repeat\n"
    "  local list,t=call('XPENDING',stream,G,from,'+',100,me),clock()\n"
    "  for _,p in ipairs(list) do\n"
    "   from='('..p[1]\n"
    "   local e=is_new(p,t-p[3],last) and read(stream,p[1])\n"
    "   if e and get(e[2],'s')=='wake' then gone(stream,p[1])\n"
    "   elseif e then\n"
    "    count_deaths(e,p[4]-1) add(kind..p[1],e,p[4]>1 and 'interrupted' or '')\n"
    "   end\n"
    "  end\n"
    " until #list<100\n"
    "end\n"

    /* What has become due. */
    "local function promote()\n"
    " for _,id in ipairs(call('ZRANGEBYSCORE',P..'due','-inf',now,'LIMIT',0,100)) do\n"
    "  call('ZREM',P..'due',id)\n"
    "  local e=read(P..'delayed',id)\n"
    "  if e then call('XDEL',P..'delayed',id) join(e) end\n"
    " end\n"
    "end\n"

    /* From another consumer: an owner that died, or one that stands for what was given back. */
    "local function take(from,reason,has_died)\n"
    " local list=call('XPENDING',Q,G,'-','+',math.max(limit-#got,1),from)\n"
    " for _,p in ipairs(list) do\n"
    "  local id,times=p[1],p[4]+(has_died and 1 or 0)\n"
    "  local e=call('XCLAIM',Q,G,me,0,id,'RETRYCOUNT',times)[1]\n"
    "  local lost=e and count_deaths(e,times-1)\n"
    "  if not e then\n"
    "   gone(Q,id) follow(id)\n"
    "  elseif lost>max then\n"
    "   local text='the process that handled this died, '..lost..' times'\n"
    "   died[#died+1]=bury(e,text,ARGV[5])\n"
    "   gone(Q,id) follow(id)\n"
    "  else\n"
    "   add(id,e,reason=='' and times>1 and 'interrupted' or reason)\n"
    "  end\n"
    " end\n"
    " return #list\n"
    "end\n"

    /* What only the dead could have claimed: messages are of use to nobody else. */
    "local function empty(owner,kind)\n"
    " local prefix=kind..owner\n"
    " local stream=P..prefix\n"
    " for _,e in ipairs(call('XRANGE',stream,'-','+','COUNT',100)) do\n"
    "  if not get(e[2],'s') then\n"
    "   keep_time(e) set(e[2],'r','interrupted')\n"
    "   count_deaths(e,1)\n"
    "   rename(prefix..':'..e[1],call('XADD',Q,'*',unpack(e[2])))\n"
    "  end\n"
    "  call('XDEL',stream,e[1])\n"
    " end\n"
    " return call('XLEN',stream)==0 and call('DEL',stream)\n"
    "end\n"
    "local function take_over()\n"
    " local dead=call('ZRANGEBYSCORE',P..'owners','-inf','('..string.format('%.0f',now),\n"
    "  'LIMIT',0,10)\n"
    " for _,owner in ipairs(dead) do\n"
    "  while #got<limit and take(owner,'',true)>0 do end\n"
    "  if #call('XPENDING',Q,G,'-','+',1,owner)==0 and empty(owner,'own:') and\n"
    "   empty(owner,'hand:') then\n"
    "   call('XGROUP','DELCONSUMER',Q,G,owner)\n"
    "   call('ZREM',P..'owners',owner)\n"
    "  end\n"
    " end\n"
    "end\n"

    /* Consumers without a lease, if the record of it was lost: dead. And what died long ago. */
    "local function sweep()\n"
    " for _,c in ipairs(call('XINFO','CONSUMERS',Q,G)) do\n"
    "  local name,pending=get(c,'name'),get(c,'pending')\n"
    "  if name:sub(1,1)~='-' and not call('ZSCORE',P..'owners',name) then\n"
    "   if pending>0 then call('ZADD',P..'owners',0,name)\n"
    "   else call('XGROUP','DELCONSUMER',Q,G,name) end\n"
    "  end\n"
    " end\n"
    " local old=string.format('%.0f',now-tonumber(ARGV[6]))\n"
    " for _,e in ipairs(call('XRANGE',P..'dead','-','('..old,'COUNT',1000)) do\n"
    "  call('XDEL',P..'dead',e[1]) forget(e)\n"
    " end\n"
    "end\n"

    "if ARGV[9]~='' then\n"
    " resume(mine,'own:'..me..':',ARGV[11]) resume(Q,'',ARGV[10])\n"
    "else\n"
    " read_mine()\n"
    "end\n"
    "if ARGV[9]=='' and limit>0 then\n"
    " if ARGV[8]=='1' then sweep() end\n"
    " promote()\n"
    " for _,reason in ipairs({'','interrupted','failed','slack'}) do\n"
    "  if #got<limit then take('-'..reason,reason,false) end\n"
    " end\n"
    " if ARGV[7]=='1' then take_over() end\n"
    "end\n"
    "local due=call('ZRANGE',P..'due',0,0,'WITHSCORES')[2]\n"
    "now=clock()\n"
    "return {now,due and math.max(due-now,0) or -1,lapsed and 1 or 0,died,dropped,got}\n";

/* ARGV: names. -> 1 */
static const char done[] =
    SOME FREE FORGET "local ordered,ids=call('EXISTS',P..'order')==1,{}\n"
                     "local function flush()\n"
                     " if #ids>0 then\n"
                     "  call('XACK',Q,G,unpack(ids)) call('XDEL',Q,unpack(ids)) ids={}\n"
                     " end\n"
                     "end\n"
                     "for name in ARGV[1]:gmatch('[^\\n]+') do\n"
                     " local stream,id=place(name)\n"
                     " if stream and not kinds[stream:sub(#P+1)] then\n"
                     "  local e=read(stream,id)\n"
                     "  if e then forget(e) end\n"
                     "  if stream==Q then ids[#ids+1]=id else gone(stream,id) end\n"
                     "  if #ids==1000 then flush() end\n"
                     "  if ordered then follow(name) end\n"
                     " end\n"
                     "end\n"
                     "flush()\n"
                     "return 1\n";

/* ARGV: names. -> 1 */
static const char park[] = SOME FREE "for name in ARGV[1]:gmatch('[^\\n]+') do follow(name) end\n"
                                     "return 1\n";

/* Whether this owner has it; and what the queue knows of its deaths goes with it, when it leaves
 * that. Where there is no such stream or group nobody has. */
#define HAS                                                                                        \
    "local function has(me,stream,id)\n"                                                           \
    " if stream==P..'hand:'..me then return read(stream,id)~=nil end\n"                            \
    " local list=stream and pcall('XPENDING',stream,G,id,id,1,me)\n"                               \
    " return list and not list.err and #list==1\n"                                                 \
    "end\n"                                                                                        \
    "local function carry(e,stream,id)\n"                                                          \
    " local list=pcall('XPENDING',stream,G,id,id,1)\n"                                             \
    " if list[1] then count_deaths(e,list[1][4]-1) end\n"                                          \
    "end\n"

/* ARGV: owner, name, milliseconds, error, "keep": attempts stay, max_dead. -> 1, its name
 * among the dead, or 0: it does not have it; and how many dead were dropped. Wakes the owner's claim when it is due soon. */
static const char fail[] =
    SOME FREE CLOCK BURY HAS "local me,name,by=ARGV[1],ARGV[2],tonumber(ARGV[3])\n"
                             "local stream,id=place(name)\n"
                             "local e=has(me,stream,id) and read(stream,id)\n"
                             "if not e then return {0,0} end\n"
                             "carry(e,stream,id)\n"
                             "local f,result=e[2],1\n"
                             "if ARGV[5]~='keep' then\n"
                             " set(f,'a',tonumber(get(f,'a') or 0)+1) set(f,'r','failed')\n"
                             "end\n"
                             "if by<0 then\n"
                             " result=bury(e,ARGV[4],ARGV[6])\n"
                             "else\n"
                             " keep_time(e) set(f,'e',ARGV[4])\n"
                             " local new=call('XADD',P..'delayed','*',unpack(f))\n"
                             " call('ZADD',P..'due',clock()+by,new)\n"
                             " local mine=P..'own:'..me\n"
                             " if by<1000 and call('EXISTS',mine)==1 then\n"
                             "  call('XADD',mine,'*','s','wake')\n"
                             " end\n"
                             "end\n"
                             "gone(stream,id) follow(name)\n"
                             "return {result,dropped}\n";

/* ARGV: owner, names, reason, lease. -> how many. Without names all, and the lease ends, also for
 * a store of the same owner that would renew it. */
static const char back[] =
    SOME FREE HAS "local me,reason,count=ARGV[1],ARGV[3],0\n"
                  "local function give(name)\n"
                  " local stream,id=place(name)\n"
                  " if not has(me,stream,id) then return end\n"
                  " count=count+1\n"
                  " if stream==Q then\n"
                  "  return call('XCLAIM',Q,G,'-'..reason,0,id,'JUSTID')\n"
                  " end\n"
                  " local e=read(stream,id)\n"
                  " if e and not get(e[2],'s') then\n"
                  "  keep_time(e) set(e[2],'r',reason)\n"
                  "  rename(name,call('XADD',Q,'*',unpack(e[2])))\n"
                  " end\n"
                  " gone(stream,id)\n"
                  "end\n"
                  "if ARGV[2]~='' then\n"
                  " for name in ARGV[2]:gmatch('[^\\n]+') do give(name) end\n"
                  " return count\n"
                  "end\n"
                  "repeat\n"
                  " local list=pcall('XPENDING',Q,G,'-','+',1000,me)\n"
                  " for _,p in ipairs(list) do give(p[1]) end\n"
                  "until #list<1000\n"
                  "for _,prefix in ipairs({'own:'..me,'hand:'..me}) do\n"
                  " for _,e in ipairs(call('XRANGE',P..prefix,'-','+')) do\n"
                  "  if not get(e[2],'s') then\n"
                  "   keep_time(e) set(e[2],'r',reason)\n"
                  "   rename(prefix..':'..e[1],call('XADD',Q,'*',unpack(e[2])))\n"
                  "   count=count+1\n"
                  "  end\n"
                  " end\n"
                  " call('DEL',P..prefix)\n"
                  "end\n"
                  "call('ZREM',P..'owners',me)\n"
                  "call('SET',P..'left:'..me,'','PX',ARGV[4])\n"
                  "pcall('XGROUP','DELCONSUMER',Q,G,me)\n"
                  "return count\n";

/* ARGV: state or "", limit, name after which or "". -> lists of name, state, meta, body, attempts,
 * error, received, due. Goes through the streams one after another. */
static const char list[] =
    BASE PLACE FIELDS "local state,limit,after=ARGV[1],tonumber(ARGV[2]),ARGV[3]\n"
                      "local got={}\n"
                      "local function add(name,what,e)\n"
                      " local f,due=e[2],''\n"
                      " if what=='delayed' then due=call('ZSCORE',P..'due',e[1]) or '' end\n"
                      " got[#got+1]={name,what,get(f,'m') or '',get(f,'b') or '',\n"
                      "  get(f,'a') or '0',get(f,'e') or '',received(e),due}\n"
                      "end\n"
                      "local function holder(id)\n"
                      " local p=pcall('XPENDING',Q,G,id,id,1)\n"
                      " return p[1] and p[1][2]:sub(1,1)~='-' and 'taken' or 'waiting'\n"
                      "end\n"
                      "local function page(stream,prefix,what,from,to)\n"
                      " repeat\n"
                      "  local n=math.min(limit-#got,100)\n"
                      "  local some=n>0 and call('XRANGE',stream,from,to,'COUNT',n) or {}\n"
                      "  for _,e in ipairs(some) do\n"
                      "   from='('..e[1]\n"
                      "   local is=what or holder(e[1])\n"
                      "   if (state=='' or is==state) and not get(e[2],'s') then\n"
                      "    add(prefix..e[1],is,e)\n"
                      "   end\n"
                      "  end\n"
                      " until #some==0\n"
                      "end\n"
                      "local plan={{Q,'',nil},{P..'held','held:','waiting'}}\n"
                      "for _,owner in ipairs(call('ZRANGEBYLEX',P..'owners','-','+')) do\n"
                      " for _,kind in ipairs({'own:','hand:'}) do\n"
                      "  plan[#plan+1]={P..kind..owner,kind..owner..':','taken'}\n"
                      " end\n"
                      "end\n"
                      "plan[#plan+1]={P..'delayed','delayed:','delayed'}\n"
                      "plan[#plan+1]={P..'dead','dead:','dead'}\n"
                      /* None is taken that comes after the last that was handed out. */
                      "local to=pcall('XINFO','GROUPS',Q)\n"
                      "to=state=='taken' and to[1] and get(to[1],'last-delivered-id') or '+'\n"
                      "local begin,id=place(after)\n"
                      "local is_there=false\n"
                      "for _,p in ipairs(plan) do is_there=is_there or p[1]==begin end\n"
                      "if begin and not is_there then begin,id=P..'delayed','0-0' end\n"
                      "for _,p in ipairs(plan) do\n"
                      " local from='-'\n"
                      " if begin==p[1] then from='('..id begin=nil end\n"
                      " local is_queue=p[1]==Q and (state=='waiting' or state=='taken')\n"
                      " if not begin and (state=='' or is_queue or p[3]==state) then\n"
                      "  page(p[1],p[2],p[3],from,p[1]==Q and to or '+')\n"
                      " end\n"
                      "end\n"
                      "return got\n";

/* Calls each(stream,id) for the dead that are meant. */
#define DEAD                                                                                       \
    "local function each_dead(names,limit,each)\n"                                                 \
    " local X,count=P..'dead',0\n"                                                                 \
    " if names~='' then\n"                                                                         \
    "  for name in names:gmatch('[^\\n]+') do\n"                                                   \
    "   local stream,id=place(name)\n"                                                             \
    "   local e=stream==X and read(X,id)\n"                                                        \
    "   if e then call('XDEL',X,id) each(e) count=count+1 end\n"                                   \
    "  end\n"                                                                                      \
    "  return count\n"                                                                             \
    " end\n"                                                                                       \
    " for _,e in ipairs(call('XRANGE',X,'-','+','COUNT',limit)) do\n"                              \
    "  call('XDEL',X,e[1]) each(e) count=count+1\n"                                                \
    " end\n"                                                                                       \
    " return count\n"                                                                              \
    "end\n"

/* ARGV: names, "" for all. -> how many */
static const char retry[] = SOME FREE JOIN DEAD "return each_dead(ARGV[1],1000,function(e)\n"
                                                " set(e[2],'a','0') set(e[2],'n','0') join(e)\n"
                                                "end)\n";

#define LIVES                                                                                      \
    "local function lives(owner)\n"                                                                \
    " return tonumber(call('ZSCORE',P..'owners',owner) or 0)>=clock()\n"                           \
    "end\n"

/* ARGV: names, "" for all that are dead. -> how many. What is named goes whatever its state, but
 * for what a live process has in hand: so that what kills each that takes it can be got rid of. */
static const char drop[] = SOME FREE CLOCK FORGET DEAD LIVES
    "if ARGV[1]=='' then return each_dead('',1000,forget) end\n"
    "local function holder(stream,id)\n"
    " local at=stream:sub(#P+1)\n"
    " local owner=at:match('^own:(.+)$') or at:match('^hand:(.+)$')\n"
    " if owner or stream~=Q then return owner end\n"
    " local p=pcall('XPENDING',Q,G,id,id,1)[1]\n"
    " return p and p[2]:sub(1,1)~='-' and p[2]\n"
    "end\n"
    "local function drop(stream,id,name,e)\n"
    " local o=stream==P..'held' and get(e[2],'o')\n"
    " if o then call('LREM',P..'order:'..o,1,name) end\n"
    " if stream==P..'delayed' then call('ZREM',P..'due',id) end\n"
    " gone(stream,id) forget(e) follow(name)\n"
    " return 1\n"
    "end\n"
    "local count=0\n"
    "for name in ARGV[1]:gmatch('[^\\n]+') do\n"
    " local stream,id=place(name)\n"
    " local e=stream and read(stream,id)\n"
    " local owner=e and holder(stream,id)\n"
    " if e and not get(e[2],'s') and not (owner and lives(owner)) then\n"
    "  count=count+drop(stream,id,name,e)\n"
    " end\n"
    "end\n"
    "return count\n";

/* -> the JSON text */
static const char stats[] =
    BASE FIELDS CLOCK "local now,oldest=clock(),nil\n"
                      "local function look(stream)\n"
                      " local e=call('XRANGE',stream,'-','+','COUNT',1)[1]\n"
                      " local t=e and tonumber(received(e))\n"
                      " if t and (not oldest or t<oldest) then oldest=t end\n"
                      " return call('XLEN',stream)\n"
                      "end\n"
                      "local queue,held,delayed=look(Q),look(P..'held'),look(P..'delayed')\n"
                      "local sum,taken,own,live=pcall('XPENDING',Q,G),0,0,0\n"
                      "for _,c in ipairs(sum[4] or {}) do\n"
                      " if c[1]:sub(1,1)~='-' then taken=taken+c[2] end\n"
                      "end\n"
                      "local owners=call('ZRANGE',P..'owners',0,-1,'WITHSCORES')\n"
                      "for i=1,#owners,2 do\n"
                      " own=own+look(P..'own:'..owners[i])+look(P..'hand:'..owners[i])\n"
                      " if tonumber(owners[i+1])>=now then live=live+1 end\n"
                      "end\n"
                      "return string.format('{\"waiting\":%d,\"taken\":%d,\"delayed\":%d,'..\n"
                      " '\"dead\":%d,\"owners\":%d,\"oldest\":%.0f}',queue-taken+held,taken+own,\n"
                      " delayed,call('XLEN',P..'dead'),live,oldest and now-oldest or 0)\n";

/* ARGV: owner. -> the others that live */
static const char owners[] =
    BASE CLOCK "local list={}\n"
               "for _,name in ipairs(call('ZRANGEBYSCORE',P..'owners',clock(),'+inf')) do\n"
               " if name~=ARGV[1] then list[#list+1]=name end\n"
               "end\n"
               "return list\n";

/* A stream that nobody reads must not grow. */
#define ROOM                                                                                       \
    "local function is_full(owner,max)\n"                                                          \
    " return call('XLEN',P..'own:'..owner)>=tonumber(max)\n"                                       \
    "end\n"

/* ARGV: to, meta, value, how many it may have. -> 1, 0: it is gone, -1: full */
static const char send[] =
    BASE CLOCK LIVES ROOM "local to=ARGV[1]\n"
                          "if not lives(to) then return 0 end\n"
                          "if is_full(to,ARGV[4]) then return -1 end\n"
                          "call('XADD',P..'own:'..to,'*','m',ARGV[2],'b',ARGV[3],'s','1')\n"
                          "return 1\n";

/* ARGV: owner, name, to, how many it may have. -> 1, 0: it is gone, -1: full, -2: not this
 * owner's */
static const char move[] =
    SOME FREE CLOCK LIVES ROOM HAS "local me,name,to=ARGV[1],ARGV[2],ARGV[3]\n"
                                   "if not lives(to) then return 0 end\n"
                                   "if is_full(to,ARGV[4]) then return -1 end\n"
                                   "local stream,id=place(name)\n"
                                   "local e=has(me,stream,id) and read(stream,id)\n"
                                   "if not e then return -2 end\n"
                                   "carry(e,stream,id)\n"
                                   "keep_time(e) set(e[2],'r','moved')\n"
                                   "local new=call('XADD',P..'own:'..to,'*',unpack(e[2]))\n"
                                   "rename(name,'own:'..to..':'..new) gone(stream,id)\n"
                                   "return 1\n";

const char *const slk_redis_scripts[SLK_SCRIPTS] = {
    [SLK_SCRIPT_PUT] = put,       [SLK_SCRIPT_UNDO] = undo, [SLK_SCRIPT_RENEW] = renew,
    [SLK_SCRIPT_TEND] = tend,     [SLK_SCRIPT_DONE] = done, [SLK_SCRIPT_PARK] = park,
    [SLK_SCRIPT_FAIL] = fail,     [SLK_SCRIPT_BACK] = back, [SLK_SCRIPT_LIST] = list,
    [SLK_SCRIPT_RETRY] = retry,   [SLK_SCRIPT_DROP] = drop, [SLK_SCRIPT_STATS] = stats,
    [SLK_SCRIPT_OWNERS] = owners, [SLK_SCRIPT_SEND] = send, [SLK_SCRIPT_MOVE] = move,
};
