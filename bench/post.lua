-- Posts each line of the file BODIES once, as a form. Writes to the file TOLD how many were answered by 200, how many by
-- something else, and the microseconds from the first question to the last answer; then there is nothing more to do.
local ffi = require("ffi")
ffi.cdef("typedef struct { long seconds, microseconds; } moment; int gettimeofday(moment *at, void *zone);")

local function now()
  local at = ffi.new("moment")
  ffi.C.gettimeofday(at, nil)
  return tonumber(at.seconds) * 1000000 + tonumber(at.microseconds)
end

function init()
  bodies, at, good, bad = {}, 0, 0, 0
  for line in io.lines(os.getenv("BODIES")) do bodies[#bodies + 1] = line end
  wrk.method, wrk.headers["Content-Type"] = "POST", "application/x-www-form-urlencoded"
end

function request()
  if at == 0 then began = now() end
  at = at + 1
  return at <= #bodies and wrk.format(nil, nil, nil, bodies[at]) or wrk.format("GET", "/healthz")
end

function response(status)
  if good + bad >= #bodies then return end
  if status == 200 then good = good + 1 else bad = bad + 1 end
  if good + bad < #bodies then return end
  local told = assert(io.open(os.getenv("TOLD"), "w"))
  told:write(string.format("good %d bad %d took %d\n", good, bad, now() - began))
  told:close()
  wrk.thread:stop()
end
