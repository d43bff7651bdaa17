-- What was refused, and why.
-- key: refusal_id
-- facts: recorded_at
-- recorded_at: when it was refused (UTC)
-- app: application that was asked; null where there is none of that name
-- status: of the answer over HTTP
-- reason: the message that the caller was given
-- refusal_id: random id of the refusal
select recorded_at, app, status, reason, refusal_id
from sat_refusal
