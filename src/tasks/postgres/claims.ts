// A claim and a takeover in PostgreSQL as they are since version 6: what they read does not grow with the tasks in progress.

/**
 * The call is looked up by itself, by its own index, and the row's state is looked at afterwards: asked for both, the
 * planner may take the index of the tasks in progress and read every one of them (by the statistics of a night's start
 * there are none), which made the ten-thousandth claim six times as slow as the first. What the request says is read
 * once, and not for each row; and nothing here calls a function that has settings of its own where an expression does.
 */
export const CLAIMS = `
create or replace function :s.claim(request jsonb, who jsonb, lease bigint, this_call uuid) returns jsonb
language plpgsql security definer set search_path = :s, pg_temp
as $$
declare
  got tasks;
  want_id text := request->>'id';
  want_story text := request->>'story';
  want_role text := request->>'role';
  last_priority double precision := (request->>'priority')::double precision;
  want_files jsonb := nullif(request->'files', '[]');
begin
  select * into got from tasks t where t.call = this_call;
  if found and got.state = 'current' then return held(got); end if;
  got := null;
  if want_id is not null then
    update tasks t set state = 'current', fence = nextval('fences'), holder = who, since = now(), seen = now(),
      lease_ms = lease, call = this_call
    where t.id = (select c.id from tasks c where c.id = want_id and c.state = 'pending' and c.waits = 0
      for update skip locked)
    returning t.* into got;
  else
    update tasks t set state = 'current', fence = nextval('fences'), holder = who, since = now(), seen = now(),
      lease_ms = lease, call = this_call
    where t.id = (select c.id from tasks c where c.state = 'pending' and c.waits = 0
      and (want_story is null or c.story = want_story)
      and (last_priority is null or c.priority <= last_priority)
      and (want_role is null or c.role is null or c.role = want_role)
      and (want_files is null or touches(c.files, want_files))
      order by c.priority, c.id limit 1 for update skip locked)
    returning t.* into got;
  end if;
  if got.id is null then return why_none(want_id); end if;
  insert into history (type, task, by, swarm, host, fence)
  values ('claimed', got.id, who->>'worker', who->>'swarm', who->'owner'->>'host', got.fence);
  return jsonb_build_object('task', got.task, 'fence', got.fence::text, 'holder', got.holder, 'since', got.since);
end $$;

create or replace function :s.take(want_id text, expected text, who jsonb, lease bigint, this_call uuid) returns jsonb
language plpgsql security definer set search_path = :s, pg_temp
as $$
declare got tasks;
begin
  select * into got from tasks t where t.call = this_call;
  if found and got.state = 'current' then return held(got); end if;
  got := null;
  update tasks t set fence = nextval('fences'), holder = who, since = now(), seen = now(), lease_ms = lease,
    call = this_call
  where t.id = want_id and t.state = 'current' and t.fence::text = expected returning t.* into got;
  if got.id is null then return lost(want_id); end if;
  perform said('taken', got.id, who, got.fence, null);
  return held(got);
end $$;
`
