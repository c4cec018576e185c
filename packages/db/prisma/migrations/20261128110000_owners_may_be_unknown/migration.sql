-- An event is kept also where Clerk names the owner in a form that can't be read.
ALTER TABLE clerk.organization_memberships ALTER COLUMN organization_id DROP NOT NULL;
ALTER TABLE clerk.organization_domains ALTER COLUMN organization_id DROP NOT NULL;
ALTER TABLE clerk.sessions ALTER COLUMN user_id DROP NOT NULL;
