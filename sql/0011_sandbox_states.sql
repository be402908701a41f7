-- A paused sandbox keeps its memory, and may go on.
ALTER TABLE sandbox
	DROP CONSTRAINT sandbox_state,
	ADD CONSTRAINT sandbox_state CHECK (state IN
		('creating', 'running', 'pausing', 'paused', 'resuming', 'error',
		 'destroying', 'destroyed'));
