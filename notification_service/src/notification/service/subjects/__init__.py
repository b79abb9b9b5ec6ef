"""What rules read: for each sort of subject whom an event concerns, and what a mail says of it. All pure."""
