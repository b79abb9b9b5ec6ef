"""What the rest of the suite hears about people: events on the topic `account-bus`, written by triggers."""
