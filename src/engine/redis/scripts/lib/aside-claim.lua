-- What a session that names its tasks may have of what was set aside.

-- The first `n` entries of `lacking` of a kind (w, or s for suspects) and a task.
local function lacking_entries(kind, task, n)
  local from = kind .. task
  return redis.call('ZRANGEBYLEX', K.lacking, '[' .. from .. '\0', '(' .. from .. '\1', 'LIMIT', 0, n)
end

-- Is there a job of one of these tasks that any session may have?
local function waits_aside(tasks)
  if redis.call('EXISTS', K.aside) == 0 then return false end
  for task in string.gmatch(tasks, '%S+') do
    if #lacking_entries('w', task, 1) > 0 then return true end
  end
  return false
end
